-- The date of a release.
select r.release_date
from star.dim_data_release as r
where r.release_version = :release
