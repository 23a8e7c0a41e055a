-- SDY1 is not named by SDY10.
select
    '(?i)('
    || string_agg(regexp_replace(h.scope, '([^A-Za-z0-9])', '\\\1', 'g'), '|')
    || ')(?![0-9])' as pattern
from ops.hidden_scope as h;
