-- A file that was downloaded, by its UUID; one that the newest release no longer has, too.
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
where d.file_uuid = :file_uuid
