-- 19. How many samples is an experiment sample made of, and do the weights of its samples add up to one?
with of_expsample as (
    select
        study_key,
        expsample_key,
        count(*) as biosamples,
        sum(weight) as weight
    from star.bridge_expsample_biosample
    group by study_key, expsample_key
)

select
    biosamples,
    count(*) as expsamples,
    round(sum(weight), 6) as sum_of_weights
from of_expsample
group by biosamples
order by biosamples;
