-- 1. By how much do HAI titres rise from baseline to day 21-42, by age and strain?
-- Geometric mean fold rise of people with both. Titres below a limit count by the policy of the last column.
select
    case
        when age_years < 18 then 'under 18'
        when age_years < 50 then '18 to 49'
        when age_years < 65 then '50 to 64'
        when age_years >= 65 then '65 and over'
    end as age_band,
    strain,
    measurement_technique,
    biosample_type,
    t0_event,
    count(*) as subjects,
    round(power(2.0, avg(log2_fold_rise)), 2) as fold_rise,
    policy
from mart.hai_response
where log2_fold_rise is not null and species = 'Homo sapiens'
group by age_band, strain, measurement_technique, biosample_type, t0_event, policy
order by age_band, strain, measurement_technique, biosample_type, t0_event;
