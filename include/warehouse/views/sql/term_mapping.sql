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
        select from history.key_vocabulary_term as k
        inner join history.dim_vocabulary_term as v on k.vocabulary_term_key = v.vocabulary_term_key
        where k.natural_key = md5(m.vocabulary || chr(31) || m.term)::uuid and v.valid_to = 2147483647
    ) end as is_listed
from history.term_mapping as m;
