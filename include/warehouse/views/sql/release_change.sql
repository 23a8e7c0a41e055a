select
    p.scope as study_accession,
    o.release_version,
    p.release_key,
    coalesce(c.kind, 'replaced') as kind,
    p.published_at,
    coalesce(p.newest_before > p.release_key, false) as is_late,
    d.relation as star_table,
    d.added,
    d.corrected,
    d.withdrawn,
    d.unchanged
from (select
    e.load_id,
    e.scope,
    e.release_key,
    e.published_at,
    max(e.release_key) over (
        partition by e.scope
        order by e.published_at, e.load_id rows between unbounded preceding and 1 preceding
    ) as newest_before
from ops.ledger as e
where e.source = 'immport') as p
-- Of studies that the reader may see: the tables of loads have no policies of their own.
inner join history.key_study as k on p.scope = k.study_accession
inner join ops.load as o on p.load_id = o.load_id
inner join ops.release_change as d on p.load_id = d.load_id
left join ops.capture as c on p.load_id = c.load_id and p.scope = c.scope and c.source = 'immport'
where d.added + d.corrected + d.withdrawn + d.unchanged > 0;
