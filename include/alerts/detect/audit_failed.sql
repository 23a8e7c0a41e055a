-- Critical checks that the newest audit found broken, by the source whose tables it checked.
with newest as (
    select a.run_id
    from quality.audit as a
    order by a.checked_at desc
    limit 1
)

select
    concat_ws('/', a.run_id, t.source) as subject,
    t.source,
    cast('{}' as text[]) as scopes,
    cast(null as text) as release_version,
    a.run_id,
    format(
        '%s critical checks are broken: %s',
        count(*), string_agg(format('%s of %s (%s rows)', a.check_id, a.relation, a.failed_rows), ', ')
    ) as cause,
    max(a.checked_at) as happened_at
from quality.audit as a
inner join newest as n on a.run_id = n.run_id
left join jsonb_to_recordset(cast(:tables as jsonb)) as t (relation text, source text)
    on a.relation = t.relation
where a.severity = 'critical' and a.failed_rows > 0
group by a.run_id, t.source
