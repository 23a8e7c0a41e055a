select
    c.scope as study_accession,
    c.reason,
    l.release_version as withdrawn_at,
    (
        select p.release_version from ops.capture as b inner join ops.load as p on b.load_id = p.load_id
        where b.source = c.source and b.scope = c.scope and b.release_key < c.release_key
        order by b.release_key desc limit 1
    ) as last_release,
    (
        select n.release_version from ops.capture as a inner join ops.load as n on a.load_id = n.load_id
        where a.source = c.source and a.scope = c.scope and a.release_key > c.release_key
        order by a.release_key limit 1
    ) as returned_at
from ops.capture as c inner join ops.load as l on c.load_id = l.load_id
where c.source = 'immport' and c.kind = 'withdrawn';
