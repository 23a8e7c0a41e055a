-- 40. How many images did each phenotyping centre have at each release of IMPC that was loaded?
-- From those of the newest release, back over what every release since has added and withdrawn.
with newest as (
    select r.release_version
    from star.source_release as r
    where r.source = 'impc'
    order by r.release_key desc
    limit 1
),

now_there as (
    select
        c.phenotyping_centre_id,
        count(f.observation_id) as images
    from star.dim_phenotyping_centre as c
    left join star.fact_impc_image as f on c.phenotyping_centre_key = f.phenotyping_centre_key
    where c.phenotyping_centre_key > 0
    group by c.phenotyping_centre_id
),

since as (
    select
        r.release_key,
        d.phenotyping_centre_id,
        count(*) filter (where d.change = 'added') as added,
        count(*) filter (where d.change = 'withdrawn') as withdrawn
    from star.source_release as r
    cross join newest as n
    cross join lateral star.release_difference_impc(r.release_version, n.release_version) as d
    where r.source = 'impc' and d.star_table = 'fact_impc_image' and d.change in ('added', 'withdrawn')
    group by r.release_key, d.phenotyping_centre_id
)

select
    r.release_version,
    c.phenotyping_centre_id,
    c.images - coalesce(d.added, 0) + coalesce(d.withdrawn, 0) as images
from star.source_release as r
cross join now_there as c
left join since as d
    on r.release_key = d.release_key and c.phenotyping_centre_id = d.phenotyping_centre_id
where r.source = 'impc'
order by r.release_key, c.phenotyping_centre_id;
