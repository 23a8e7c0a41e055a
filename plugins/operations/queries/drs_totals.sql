-- How many files were downloaded, and their bytes.
select
    count(*) as files,
    coalesce(sum(d.size_bytes), 0)::bigint as bytes
from part.drs_files as d
