-- The files of a study at a release that were downloaded.
select
    d.file_uuid,
    d.kept_as,
    d.location,
    d.path,
    d.file_name,
    d.size_bytes,
    d.md5,
    d.date_file_updated,
    d.changed_at
from part.drs_files as d
where d.study_accession = :study and d.is_in_release
order by d.path, d.file_uuid
