-- Research focuses of a study: single rows of a package, else the text in which the study has them all.
with named as (
    select
        b.study_key,
        b.research_focus
    from star.bridge_study_research_focus as b
    where b.study_key = :study_key
    union
    select
        s.study_key,
        btrim(f.focus) as research_focus
    from star.dim_study as s
    cross join lateral regexp_split_to_table(s.research_focus, ';') as f (focus)
    where s.study_key = :study_key and btrim(f.focus) <> ''
)

select
    n.study_key,
    n.research_focus,
    row_number() over (order by n.research_focus) as place
from named as n
