select
    r.release_key,
    r.release_version,
    r.release_date,
    coalesce(to_char(r.release_date, 'YYYYMMDD')::bigint, 0) as release_date_key,
    r.release_key / 10000 as major,
    r.release_key % 10000 / 100 as minor,
    r.release_key % 10000 <> 0 as is_point
from history.data_release as r
where r.source = 'immport';
