-- Files that were downloaded, with what the manifest of the release says of them.
select
    d.file_uuid,
    d.study_accession,
    d.path,
    d.kept_as,
    d.location,
    d.changed_at,
    f.file_name,
    f.date_file_updated,
    f.file_uuid is not null as is_in_release,
    coalesce(f.filesize_bytes, d.size_bytes) as size_bytes,
    coalesce(d.md5, lower(btrim(f.generated_md5))) as md5
from monitor.file_download as d
left join star.dim_file as f on d.file_uuid = f.file_uuid
where
    d.state = 'present'
    and d.location is not null
    and coalesce(f.filesize_bytes, d.size_bytes) is not null
    and coalesce(d.md5, lower(btrim(f.generated_md5))) is not null
