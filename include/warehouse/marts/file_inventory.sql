-- Purpose: Files of each study by kind: how many, how large, how many with a content of their own.
-- Grain: one study and one kind of file.
-- Caveat: a file that only a result names has no size and no UUID; files without an MD5 are no duplicates.
-- Censored: there are none.
-- Columns:
--   study_accession text: Study
--   file_type text: Kind of file; null where only a result names it
--   files bigint: Files
--   bytes numeric: Size of all (unit: bytes)
--   contents bigint: Different contents, by MD5
--   duplicates bigint: Files whose content another file of the row has already
--   without_uuid bigint: Files that cannot be downloaded, for want of a UUID
--   of_samples bigint: Files that belong to experiment samples
create or replace view mart.file_inventory
with (security_invoker = true) as
with sampled as (
    select distinct
        study_key,
        file_key
    from star.fact_result_file
)

select
    s.study_accession,
    f.file_type,
    count(*) as files,
    sum(f.filesize_bytes) as bytes,
    count(distinct coalesce(f.generated_md5, f.reported_md5)) as contents,
    count(coalesce(f.generated_md5, f.reported_md5))
    - count(distinct coalesce(f.generated_md5, f.reported_md5)) as duplicates,
    count(*) filter (where f.file_uuid is null) as without_uuid,
    count(x.file_key) as of_samples
from star.dim_file as f
inner join star.dim_study as s on f.study_key = s.study_key
left join sampled as x on f.study_key = x.study_key and f.file_key = x.file_key
where f.file_key > 0
group by s.study_accession, f.file_type;
