-- 42. Does the FHIR server say the same of each study as Shared Data?
select
    study_accession,
    aspect,
    count(*) filter (where finding = 'equal') as equal,
    count(*) filter (where finding = 'differs') as differ,
    count(*) filter (where finding = 'only in Shared Data') as only_in_shared_data,
    count(*) filter (where finding = 'only in FHIR') as only_in_fhir
from mart.fhir_reconciliation
group by study_accession, aspect
order by study_accession, aspect;
