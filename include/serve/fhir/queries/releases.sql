select r.release_version
from star.dim_data_release as r
order by r.release_key desc;
