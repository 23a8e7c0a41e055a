-- Files of studies that were downloaded, by the content that lies there, with what the release says of them.
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
    d.kept_bytes as size_bytes,
    d.kept_md5 as md5
from monitor.file_download as d
left join star.dim_file as f on d.file_uuid = f.file_uuid
where
    d.source = 'immport'
    and d.state = 'present'
    and d.location is not null
    and d.kept_bytes is not null
    and d.kept_md5 is not null
