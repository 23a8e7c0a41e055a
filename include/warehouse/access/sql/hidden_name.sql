-- SDY1 is not named by SDY10. What all names begin with stands before the others' rest: of a pattern that
-- begins with hundreds of alternatives, each character of a text is compared with all.
with hidden as (
    select h.scope
    from ops.hidden_scope as h
),

-- Of all names, the first and the last of an order by bytes have the least in common.
ends as (
    select
        min(h.scope collate "C") as first_name, -- noqa: RF03
        max(h.scope collate "C") as last_name -- noqa: RF03
    from hidden as h
),

shared as (
    select max(n.many) as many
    from ends as e
    cross join lateral generate_series(0, length(e.first_name)) as n (many)
    where left(e.first_name, n.many) = left(e.last_name, n.many)
)

select
    '(?i)('
    || regexp_replace(left(min(h.scope), s.many), '([^A-Za-z0-9])', '\\\1', 'g') || '('
    || string_agg(regexp_replace(substr(h.scope, s.many + 1), '([^A-Za-z0-9])', '\\\1', 'g'), '|')
    || '))(?![0-9])' as pattern,
    -- Letters alone that every collation has one small and one capital letter of.
    lower(
        substring(left(min(h.scope), s.many) from '^[A-HJ-Za-hj-z0-9]*') collate "C" -- noqa: RF02
    ) as beginning
from hidden as h
cross join shared as s
group by s.many
