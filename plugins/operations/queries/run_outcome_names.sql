-- Outcomes that scopes of a run can have.
select outcome
from unnest(
    array['published', 'withdrawn', 'failed', 'hold', 'keep', 'planned', 'superseded']
) as o (outcome)
