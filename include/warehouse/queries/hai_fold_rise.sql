-- Geometric mean fold rise of HAI titres, baseline to day 21-42, by study, arm and strain.
-- Policy for censored titres: bound. Reported "<10" counts as 10, whatever ImmPort curated it to. One titre
-- per subject, strain and window: replicates are averaged as logarithms. Titres of 0 are left out.
with measured as (
    select
        f.study_key,
        f.arm_key,
        f.virus_strain_key,
        f.participation_key,
        t.window_label,
        star.censored(f.value_standard, f.value_operator, 'bound') as titer
    from star.fact_hai as f
    inner join star.dim_study_time as t on f.study_time_key = t.study_time_key
),

titre as (
    select
        m.study_key,
        m.arm_key,
        m.virus_strain_key,
        m.participation_key,
        avg(ln(m.titer)) filter (where m.window_label = 'baseline') as baseline,
        avg(ln(m.titer)) filter (where m.window_label = 'day 21-42') as peak
    from measured as m
    where m.titer > 0
    group by m.study_key, m.arm_key, m.virus_strain_key, m.participation_key
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
