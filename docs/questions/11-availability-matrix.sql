-- 11. Which study has results of which assay, and how many?
select
    study_accession,
    sum(results) filter (where assay = 'ELISA') as elisa,
    sum(results) filter (where assay = 'ELISPOT') as elispot,
    sum(results) filter (where assay = 'MBAA') as mbaa,
    sum(results) filter (where assay = 'HAI') as hai,
    sum(results) filter (where assay = 'Neutralising antibody') as neutralisation,
    sum(results) filter (where assay = 'PCR') as pcr,
    sum(results) filter (where assay = 'Flow cytometry') as flow_cytometry,
    sum(results) filter (where assay = 'HLA typing') as hla_typing,
    sum(results) filter (where assay = 'KIR typing') as kir_typing,
    sum(results) filter (where assay = 'Mass spectrometry') as mass_spectrometry
from mart.study_assay_availability
group by study_accession
order by study_accession;
