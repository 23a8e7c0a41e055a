select
    m.domain,
    m.reported,
    m.preferred,
    m.vocabulary,
    m.term,
    m.term_name,
    m.status,
    m.method,
    m.evidence,
    m.decided_by,
    m.decided_at,
    m.changed_at,
    case when m.term is not null then exists (
        select from history.vocabulary_term as v
        where v.vocabulary = m.vocabulary and v.term = m.term and v.valid_to = 'infinity'
    ) end as is_listed
from history.term_mapping as m;
