-- Lab tests of the studies and patients of a search. Part of a query that has `studies` and `patients`.
select
    1 as kind,
    f.study_key,
    f.lab_test_accession as accession,
    f.subject_key,
    f.biosample_key,
    f.planned_visit_key,
    'laboratory' as category,
    f.lab_test_panel_accession as panel_accession,
    coalesce(f.lab_test_panel_name_preferred, f.lab_test_panel_name_reported) as panel_name
from star.fact_lab_test as f
where
    f.study_key in (select s.study_key from studies as s)
    and (cast(:category as text[]) is null or 'laboratory' = any(cast(:category as text[])))
    and (cast(:patient as text[]) is null or f.subject_key in (select p.subject_key from patients as p));
