-- 12. What kinds of values do the assays report: numbers, limits, sentinels, words?
select
    assay,
    value_quality,
    count(*) as results,
    round(100.0 * count(*) / sum(count(*)) over (partition by assay), 1) as percent
from mart.result_value
group by assay, value_quality
order by assay, value_quality;
