-- 35. What did each release change in each study, counted in rows of the star?
select
    study_accession,
    release_version,
    sum(added) as added,
    sum(corrected) as corrected,
    sum(withdrawn) as withdrawn,
    sum(unchanged) as unchanged
from mart.release_change
group by study_accession, release_key, release_version, published_at
order by study_accession, release_key, published_at;
