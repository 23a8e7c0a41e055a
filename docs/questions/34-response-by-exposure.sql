-- 34. Do subjects with an exposure on record seroconvert by HAI more often than those without?
with exposed as (
    select
        s.study_accession,
        u.subject_accession,
        string_agg(
            distinct coalesce(e.exposure_process_preferred, e.exposure_process_reported), ', '
            order by coalesce(e.exposure_process_preferred, e.exposure_process_reported)
        ) as exposure
    from star.fact_immune_exposure as e
    inner join star.dim_study as s on e.study_key = s.study_key
    inner join star.dim_subject as u on e.subject_key = u.subject_key
    group by s.study_accession, u.subject_accession
)

select
    h.strain,
    coalesce(x.exposure, 'none on record') as exposure,
    count(*) as responses,
    count(h.is_seroconverted) as evaluable,
    count(*) filter (where h.is_seroconverted) as seroconverted
from mart.hai_response as h
left join exposed as x
    on h.study_accession = x.study_accession and h.subject_accession = x.subject_accession
group by h.strain, coalesce(x.exposure, 'none on record')
order by h.strain, exposure;
