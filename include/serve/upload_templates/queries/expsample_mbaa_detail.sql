-- Plate and group of plates of a bead array's sample, where its results name one.
select
    r.expsample_key,
    min(r.assay_id) as assay_id,
    min(r.assay_group_id) as assay_group_id
from star.fact_mbaa as r
where r.study_key = :study_key and r.expsample_key > 0
group by r.expsample_key
having count(distinct r.assay_id) = 1
