-- Events of those scopes that the query calls `found`: one for all of a run and source whose causes differ in
-- no more than numbers and the name of the scope.
select
    concat_ws('/', a.run_id, a.source, a.cause_digest) as subject,
    a.source,
    array_agg(distinct a.scope order by a.scope) as scopes,
    case when count(distinct a.release_version) = 1 then min(a.release_version) end as release_version,
    a.run_id,
    case
        when count(*) = 1 then min(a.cause)
        else format('%s %s alike, such as: %s', count(distinct a.scope), min(a.what), min(a.cause))
    end as cause,
    max(a.happened_at) as happened_at
from (
    select
        f.*,
        md5(regexp_replace(replace(f.cause, f.scope, '?'), '[0-9]+', '?', 'g')) as cause_digest
    from found as f
) as a
group by a.run_id, a.source, a.cause_digest
