-- What the newest publish of each study changed in the star, per table that changed.
with newest as (
    select
        l.load_id,
        l.study_accession,
        c.kind,
        c.release_key,
        row_number() over (partition by l.study_accession order by l.published_at desc, l.load_id desc) as position
    from ops.ledger as l
    inner join ops.capture as c on l.load_id = c.load_id
)

select
    n.study_accession as study,
    coalesce(r.release_version, 'no longer shared') as release,
    d.relation as star_table,
    d.added,
    d.corrected,
    d.withdrawn,
    d.unchanged
from newest as n
inner join ops.release_change as d on n.load_id = d.load_id
left join history.data_release as r on n.release_key = r.release_key and n.kind = 'full'
where n.position = 1 and d.added + d.corrected + d.withdrawn > 0
order by length(n.study_accession), n.study_accession, d.relation;
