-- What a dry run quarantines beside what the load before did, by kind, endpoint and rule; and in all of a
-- kind, with neither endpoint nor rule: a row that breaks two rules counts once there.
-- An item is a row or a value. It is found again by its position, or by what was received where the bytes
-- are other ones. It passes where a replay would publish it: no rule quarantines it, its endpoint is
-- published, and of a value, its row is published, too.
with quarantined as (
    select
        l.is_now,
        'row' as kind,
        q.endpoint,
        q.row_number,
        case
            when :same_rows then concat_ws(' ', q.row_number, nullif(q.rule, 'package_line') is null)
            else concat_ws(
                ' ',
                q.row,
                row_number() over (partition by l.is_now, q.endpoint, q.row order by q.row_number)
            )
        end as item,
        q.rule
    from (values (true, cast(:now as bigint)), (false, cast(:before as bigint))) as l (is_now, load_id)
    inner join quality.quarantine as q on l.load_id = q.load_id
    union all
    select
        l.is_now,
        'value' as kind,
        v.endpoint,
        v.row_number,
        case
            when :same_rows then concat_ws(' ', v.row_number, v.field)
            else concat_ws(
                ' ',
                v.key,
                v.field,
                row_number() over (partition by l.is_now, v.endpoint, v.key, v.field order by v.row_number)
            )
        end as item,
        v.rule
    from (values (true, cast(:now as bigint)), (false, cast(:before as bigint))) as l (is_now, load_id)
    inner join quality.quarantined_value as v on l.load_id = v.load_id
),

items as (
    select
        q.kind,
        q.endpoint,
        q.item,
        bool_or(q.is_now) as is_in_now,
        bool_or(not q.is_now) as was_in_before
    from quarantined as q
    group by q.kind, q.endpoint, q.item
),

broken as (
    select
        q.is_now,
        q.kind,
        q.endpoint,
        q.item,
        r.rule,
        i.was_in_before,
        not i.is_in_now and s.withheld is null and not :is_refused
        and not exists (
            select from quality.quarantine as n
            where
                q.kind = 'value' and :same_rows and n.load_id = :now and n.rule <> 'package_line'
                and n.endpoint = q.endpoint and n.row_number = q.row_number
        ) as would_pass
    from quarantined as q
    cross join lateral unnest(string_to_array(q.rule, ', ')) as r (rule)
    inner join items as i on q.kind = i.kind and q.endpoint = i.endpoint and q.item = i.item
    left join ops.staged as s on s.load_id = :now and q.endpoint = s.endpoint
)

select
    b.kind,
    b.endpoint,
    b.rule,
    count(distinct row(b.endpoint, b.item)) filter (where not b.is_now) as earlier,
    count(distinct row(b.endpoint, b.item)) filter (where b.is_now) as now,
    count(distinct row(b.endpoint, b.item)) filter (where not b.is_now and b.would_pass) as passed,
    count(distinct row(b.endpoint, b.item)) filter (where b.is_now and not b.was_in_before) as refused
from broken as b
group by grouping sets ((b.kind, b.endpoint, b.rule), (b.kind))
order by b.kind, b.endpoint, b.rule
