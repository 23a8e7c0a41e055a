-- Calls of all runs, by source, host and endpoint.
select
    source,
    host,
    endpoint,
    sum(calls)::bigint as calls,
    sum(retries)::bigint as retries,
    sum(errors)::bigint as errors,
    sum(refusals)::bigint as refusals,
    sum(bytes)::bigint as size,
    sum(milliseconds)::bigint as milliseconds,
    max(answered_at) as answered_at,
    max(failed_at) filter (where failure like 'CredentialError%') as refused_at
from monitor.call
group by source, host, endpoint
order by source, host, endpoint;
