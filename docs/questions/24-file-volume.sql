-- 24. How large are the files of each study, and how many have a content that another file has already?
select
    study_accession,
    file_type,
    files,
    bytes,
    contents,
    duplicates
from mart.file_inventory
order by study_accession, file_type;
