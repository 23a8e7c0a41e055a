-- 18. Where does the measurement technique of a result not say the assay that its values are of?
select
    r.assay,
    t.measurement_technique,
    count(*) as results,
    count(distinct r.experiment_key) as experiments,
    coalesce(t.measurement_technique, '') !~* case r.assay
        when 'ELISA' then 'elisa'
        when 'ELISPOT' then 'elispot'
        when 'MBAA' then 'luminex|bead|multiplex|cytometric bead'
        when 'HAI' then 'hemagglutination'
        when 'Neutralising antibody' then 'neutrali'
        when 'PCR' then 'pcr'
        when 'Flow cytometry' then 'flow|cytof|cytometry'
        when 'HLA typing' then 'hla'
        when 'KIR typing' then 'kir'
        when 'Mass spectrometry' then 'mass'
    end as is_disagreeing
from star.fact_assay_result as r
inner join star.dim_technique as t on r.technique_key = t.technique_key
group by r.assay, t.measurement_technique
order by r.assay, t.measurement_technique;
