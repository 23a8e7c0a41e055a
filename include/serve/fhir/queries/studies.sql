-- Studies whose resources a search may find.
select
    s.study_key,
    s.study_accession,
    s.last_updated,
    s.status
from part.changed_studies as s
where cast(:study as text[]) is null or s.study_accession = any(cast(:study as text[]));
