-- 19. How many samples is an experiment sample made of, and do the weights of its samples add up to one?
with pair as (
    select
        expsample_key,
        biosample_key
    from star.fact_assay_result
    where expsample_key > 0 and biosample_key > 0
    union
    select
        expsample_key,
        biosample_key
    from star.fact_result_file
    where expsample_key > 0 and biosample_key > 0
),

weighted as (
    select
        expsample_key,
        count(*) over (partition by expsample_key) as biosamples,
        1.0 / count(*) over (partition by expsample_key) as weight
    from pair
)

select
    biosamples,
    count(distinct expsample_key) as expsamples,
    round(sum(weight), 6) as sum_of_weights
from weighted
group by biosamples
order by biosamples;
