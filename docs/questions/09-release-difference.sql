-- 9. What changed among the HAI titres of SDY1001 between DR50 and the newest release?
set "star.as_of" = 'DR50';
create temporary table titre_before as
select
    f.result_id,
    f.value_reported,
    f.value_preferred
from star.fact_hai as f
inner join star.dim_study as s on f.study_key = s.study_key
where s.study_accession = 'SDY1001';
reset "star.as_of";
with titre_now as (
    select
        f.result_id,
        f.value_reported,
        f.value_preferred
    from star.fact_hai as f
    inner join star.dim_study as s on f.study_key = s.study_key
    where s.study_accession = 'SDY1001'
),

compared as (
    select
        case
            when b.result_id is null then 'added'
            when n.result_id is null then 'withdrawn'
            when (b.value_reported is distinct from n.value_reported) then 'reported value corrected'
            when (b.value_preferred is distinct from n.value_preferred) then 'preferred value changed'
            else 'as it was'
        end as what_happened
    from titre_before as b
    full join titre_now as n on b.result_id = n.result_id
)

select
    what_happened,
    count(*) as titres
from compared
group by what_happened
order by what_happened;
