-- Geometric mean fold rise of HAI titres, baseline to day 21-42, by study, arm and strain.
-- Reported "<10" counts as its limit, or as what ImmPort curated it to. One titre per subject, strain
-- and window: replicates are averaged as logarithms.
with titre as (
    select
        f.study_key,
        f.arm_key,
        f.virus_strain_key,
        f.participation_key,
        avg(ln(f.value_number)) filter (where t.window_label = 'baseline') as baseline,
        avg(ln(f.value_number)) filter (where t.window_label = 'day 21-42') as peak
    from star.fact_hai as f
    inner join star.dim_study_time as t on f.study_time_key = t.study_time_key
    where f.value_number > 0
    group by f.study_key, f.arm_key, f.virus_strain_key, f.participation_key
)

select
    s.study_accession as study,
    a.name as arm,
    coalesce(v.virus_strain_preferred, v.virus_strain_reported) as strain,
    count(*) as subjects,
    round(exp(avg(h.peak - h.baseline)), 2) as fold_rise
from titre as h
inner join star.dim_study as s on h.study_key = s.study_key
inner join star.dim_arm as a on h.arm_key = a.arm_key
inner join star.dim_virus_strain as v on h.virus_strain_key = v.virus_strain_key
where h.baseline is not null and h.peak is not null
group by s.study_accession, a.name, coalesce(v.virus_strain_preferred, v.virus_strain_reported)
order by s.study_accession, a.name, coalesce(v.virus_strain_preferred, v.virus_strain_reported);
