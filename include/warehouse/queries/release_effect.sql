-- What the newest data release did to published aggregates: mean and geometric mean of each study, assay
-- and reported unit, as of that release and of the one before. Values below a limit count by the policy of
-- the last column; values of zero and below have no geometric mean.
with newest as (
    select
        release_version as after_release,
        lag(release_version) over (order by release_key) as before_release
    from star.dim_data_release
    order by release_key desc
    limit 1
),

before as (
    select m.* from newest as n cross join star.assay_summary(n.before_release) as m
    where n.before_release is not null
),

after as (
    select m.* from newest as n cross join star.assay_summary(n.after_release) as m
)

select
    coalesce(a.study_accession, b.study_accession) as study,
    coalesce(a.assay, b.assay) as assay,
    coalesce(a.unit_reported, b.unit_reported) as unit,
    coalesce(c.state, 'not yet captured') as study_now,
    b.results as results_before,
    a.results as results_after,
    b.mean as mean_before,
    a.mean as mean_after,
    b.geometric_mean as geometric_mean_before,
    a.geometric_mean as geometric_mean_after,
    star.default_policy() as policy
from before as b
full join after as a
    on
        b.study_accession = a.study_accession
        and b.assay = a.assay
        -- a full join merges or hashes on equality alone, and an absent unit equals no other
        and coalesce(b.unit_reported, '') = coalesce(a.unit_reported, '')
left join star.study_capture as c
    on c.study_accession = coalesce(a.study_accession, b.study_accession)
order by length(coalesce(a.study_accession, b.study_accession)), study, assay, unit;
