-- 23. Which publications do several studies share? Those first that most studies name.
select
    b.pubmed_id,
    p.title,
    count(distinct b.study_key) as studies,
    string_agg(s.study_accession, ', ' order by s.study_accession) as study_accessions
from star.bridge_study_pubmed as b
inner join star.dim_publication as p on b.publication_key = p.publication_key
inner join star.dim_study as s on b.study_key = s.study_key
group by b.pubmed_id, p.title
order by count(distinct b.study_key) desc, b.pubmed_id asc;
