-- 28. When was each study first shared, last changed, withdrawn?
select
    study_accession,
    occasion,
    release_version,
    release_date
from mart.release_timeline
order by study_accession, release_date, occasion;
