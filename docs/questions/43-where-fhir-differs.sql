-- 43. Where exactly do the FHIR server and Shared Data differ, and since when is it so on the server?
select
    r.study_accession,
    r.aspect,
    r.accession,
    r.shared_data,
    r.fhir,
    r.finding,
    coalesce(p.last_updated, s.last_updated) as changed_on_the_server
from mart.fhir_reconciliation as r
left join star.fact_fhir_patient as p on r.aspect in ('sex', 'race') and r.accession = p.subject_accession
left join star.fact_fhir_specimen as s on r.aspect = 'sample' and r.accession = s.biosample_accession
where r.finding <> 'equal'
order by r.study_accession, r.aspect, r.accession;
