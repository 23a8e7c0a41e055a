select
    s.scope as study_accession,
    case
        when c.kind is null then 'not yet captured' when c.kind = 'full' then 'captured'
        else c.kind
    end as state,
    l.release_version as since_release,
    c.reason,
    c.lacks,
    (
        select f.release_version from ops.capture as e inner join ops.load as f on e.load_id = f.load_id
        where e.source = s.source and e.scope = s.scope and e.kind = 'full'
        order by e.release_key limit 1
    ) as first_release
from ops.scope as s
left join
    lateral (
        select
            e.kind,
            e.reason,
            e.lacks,
            e.load_id
        from ops.capture as e
        where
            e.source = s.source and e.scope = s.scope and e.release_key <= (select star.as_of_key())
        order by e.release_key desc limit 1
    ) as c
    on true
left join ops.load as l on c.load_id = l.load_id
where s.source = 'immport';
