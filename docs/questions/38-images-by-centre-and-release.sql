-- 38. What changed among the images of each phenotyping centre between DR20.1 and the newest release of IMPC?
with differing as (
    select distinct
        d.phenotyping_centre_id,
        d.change,
        d.row_key
    from star.release_difference_impc('DR20.1', 'DR24.0') as d
    where d.star_table = 'fact_impc_image'
)

select
    c.phenotyping_centre_id,
    c.document_count,
    count(*) filter (where d.change = 'added') as added,
    count(*) filter (where d.change = 'corrected') as corrected,
    count(*) filter (where d.change = 'withdrawn') as withdrawn
from star.dim_phenotyping_centre as c
left join differing as d on c.phenotyping_centre_id = d.phenotyping_centre_id
where c.phenotyping_centre_key > 0
group by c.phenotyping_centre_id, c.document_count
order by c.phenotyping_centre_id;
