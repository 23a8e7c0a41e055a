select
    v.vocabulary,
    v.term,
    v.name,
    v.description,
    v.link,
    v.fields,
    v.valid_from
from history.vocabulary_term as v
where v.valid_to = 'infinity';
