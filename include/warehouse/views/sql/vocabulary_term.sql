select
    k.vocabulary_name as vocabulary,
    k.term,
    v.name,
    v.description,
    v.link,
    v.fields,
    timestamptz '2020-01-01T00:00:00Z' + v.valid_from * interval '1 second' as valid_from
from history.dim_vocabulary_term as v
inner join history.key_vocabulary_term as k on v.vocabulary_term_key = k.vocabulary_term_key
where
    v.vocabulary_term_key > 0
    and v.valid_from <= (select star.as_of_vocabularies_key())
    and v.valid_to > (select star.as_of_vocabularies_key());
