-- Purpose: What each data release changed in each study and table, in rows, and as a share of the table.
-- Grain: one table of the star in one publish of a study.
-- Caveat: star.release_difference names the rows and columns, with the old and the new value.
-- Censored: a correction of a value, whatever it is.
-- Apart: nothing is summarised but counts.
-- Leaves out: tables without a row.
-- Columns:
--   study_accession text: Study
--   release_version text: Data release that was published
--   release_date date: Newest date seen with the release
--   release_key integer: Release key from which it is valid
--   kind text: full, withdrawn, or replaced by a later publish of the same release
--   is_first boolean: The first publish of the study: all that ImmPort had at that release is added
--   star_table text: Table of the star
--   added bigint: Rows that were not there as of that release
--   corrected bigint: Rows that were there with other values
--   withdrawn bigint: Rows that are there no more
--   unchanged bigint: Rows that did not change
--   changed_share numeric: Share of the rows there before that changed or went; null for none before
--   published_at timestamp with time zone: When it was published
create or replace view mart.release_change
with (security_invoker = true) as
select
    c.study_accession,
    c.release_version,
    r.release_date,
    c.release_key,
    c.kind,
    c.published_at = min(c.published_at) over (partition by c.study_accession) as is_first,
    c.star_table,
    c.added,
    c.corrected,
    c.withdrawn,
    c.unchanged,
    round((c.corrected + c.withdrawn) / nullif(c.corrected + c.withdrawn + c.unchanged, 0)::numeric, 4)
        as changed_share,
    c.published_at
from star.release_change as c
left join star.dim_data_release as r on c.release_version = r.release_version
where c.added + c.corrected + c.withdrawn + c.unchanged > 0;
