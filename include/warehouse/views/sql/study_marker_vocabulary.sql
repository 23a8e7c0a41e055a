select distinct on (k.study_key)
    k.study_key,
    c.marker_vocabulary,
    v.source,
    v.recorded_at
from history.key_study as k
inner join ops.capture as c on k.study_accession = c.scope and c.source = 'immport'
left join history.marker_vocabulary as v on c.marker_vocabulary = v.version
where c.release_key <= (select star.as_of_key())
order by k.study_key asc, c.release_key desc;
