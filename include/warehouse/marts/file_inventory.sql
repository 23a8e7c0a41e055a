-- Purpose: Files of each study by kind: how many, how large, how many with a content of their own.
-- Grain: one study and one kind of file.
-- Caveat: a file that only results name has no UUID; files without an MD5 are not duplicates.
-- Censored: there are none.
-- Apart: nothing is summarised but counts.
-- Leaves out: studies without files.
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
    select
        study_key,
        file_key,
        file_info_id,
        max(filesize_bytes) as filesize_bytes
    from star.fact_result_file
    group by study_key, file_key, file_info_id
),

file as (
    select
        f.study_key,
        f.file_type,
        f.file_uuid,
        f.filesize_bytes,
        coalesce(f.generated_md5, f.reported_md5) as md5,
        exists(
            select 1 from sampled as x
            where x.study_key = f.study_key and x.file_key = f.file_key
        ) as is_of_sample
    from star.dim_file as f
    where f.file_key > 0
    union all
    select
        study_key,
        null as file_type,
        null as file_uuid,
        filesize_bytes,
        null as md5,
        true as is_of_sample
    from sampled
    where file_key = 0
)

select
    s.study_accession,
    f.file_type,
    count(*) as files,
    sum(f.filesize_bytes) as bytes,
    count(distinct f.md5) as contents,
    count(f.md5) - count(distinct f.md5) as duplicates,
    count(*) filter (where f.file_uuid is null) as without_uuid,
    count(*) filter (where f.is_of_sample) as of_samples
from file as f
inner join star.dim_study as s on f.study_key = s.study_key
group by s.study_accession, f.file_type;
