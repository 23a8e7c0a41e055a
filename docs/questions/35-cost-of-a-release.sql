-- 35. What did each release change in each study, counted in rows of the star?
-- For whoever may read the schema ops.
select
    l.study_accession,
    l.release_version,
    sum(c.added) as added,
    sum(c.corrected) as corrected,
    sum(c.withdrawn) as withdrawn,
    sum(c.unchanged) as unchanged
from ops.release_change as c
inner join ops.load as l on c.load_id = l.load_id
group by l.load_id, l.study_accession, l.release_version
order by l.study_accession, l.load_id;
