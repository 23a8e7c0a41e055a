select
    r.source,
    r.release_key,
    r.release_version,
    r.release_date
from history.data_release as r;
