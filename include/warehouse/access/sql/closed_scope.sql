-- Studies that were published and are not open to everybody, and those that no run could load because the
-- source restricts them, or does not list them: for who may not see it, a restricted study that was never
-- loaded is one that nobody knows. Every run declines those anew: each is looked up once, by the index.
with recursive declined (scope) as (
    (
        select w.scope
        from ops.work as w
        where w.source = 'immport' and (w.release_version = '' or starts_with(w.reason, 'restricted: '))
        order by w.scope
        limit 1
    )
    union all
    select (
        select w.scope
        from ops.work as w
        where
            w.source = 'immport' and w.scope > d.scope
            and (w.release_version = '' or starts_with(w.reason, 'restricted: '))
        order by w.scope
        limit 1
    )
    from declined as d
    where d.scope is not null
)

select
    'immport' as source, -- noqa: RF04
    k.study_accession as scope
from history.key_study as k
left join history.study_access as a on k.study_key = a.study_key
where k.study_accession is not null and a.is_open is not true
union all
select
    'immport' as source, -- noqa: RF04
    d.scope
from declined as d
where
    d.scope is not null
    and not exists (
        select from history.key_study as k
        where k.study_accession = d.scope
    );
