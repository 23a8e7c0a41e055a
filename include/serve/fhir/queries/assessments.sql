-- Assessed components of the studies and patients of a search. Part of a query that has `studies` and
-- `patients`.
select
    2 as kind,
    f.study_key,
    f.assessment_component_accession as accession,
    f.subject_key,
    cast(0 as bigint) as biosample_key,
    f.planned_visit_key,
    'survey' as category,
    f.assessment_panel_accession as panel_accession,
    coalesce(f.assessment_panel_name_preferred, f.assessment_panel_name_reported) as panel_name
from star.fact_assessment as f
where
    f.study_key in (select s.study_key from studies as s)
    and (cast(:category as text[]) is null or 'survey' = any(cast(:category as text[])))
    and (cast(:patient as text[]) is null or f.subject_key in (select p.subject_key from patients as p));
