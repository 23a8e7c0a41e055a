-- noqa: disable=AL03
-- (the columns that a row is inserted into are named above it)
-- What runs recorded of :studies studies at 15 releases, each taken over by the last of its 20 daily runs.
-- The largest come first and have the most quarantined rows; those without facts come last.
truncate
ops.run, ops.work, ops.load, ops.scope, ops.step, ops.staged, ops.capture, ops.ledger, ops.release_change,
ops.drift, ops.call, ops.circuit, ops.package_table, ops.alert, ops.alert_delivery, quality.result,
quality.quarantine, quality.quarantined_value, quality.quarantine_group, quality.audit
restart identity;

insert into history.key_study (study_accession, natural_key)
select
    'SDY' || 5000000 + n,
    cast(md5('SDY' || 5000000 + n) as uuid)
from generate_series(1, :studies) as n
where n > (select count(k.study_accession) from history.key_study as k);

insert into history.study_access (study_key, is_open, reason)
select
    k.study_key,
    k.study_key % 150 <> 0,
    case when k.study_key % 150 = 0 then 'restricted' end
from history.key_study as k
where k.study_accession is not null
on conflict do nothing;

insert into history.data_release (source, release_key, release_version, release_date)
select
    'immport',
    r * 10000,
    'DR' || r,
    current_date - (54 - r) * 20
from generate_series(40, 54) as r
on conflict do nothing;

create temporary table world_scope on commit drop as
select
    k.study_accession as scope,
    row_number() over (order by e.samples desc nulls last, k.study_key asc) as number
from history.key_study as k
left join lateral (
    select count(*) as samples
    from history.dim_expsample as e
    where e.study_key = k.study_key
) as e on true
where k.study_accession is not null
order by number
limit :studies;

create temporary table world_run on commit drop as
select
    n,
    39 + n / 20 + case when n % 20 = 19 then 1 else 0 end as release, -- noqa: RF04
    n % 20 = 19 as is_load,
    now() - (299 - n) * interval '1 day' - interval '1 hour' as started_at,
    'immport_release/scheduled__' || to_char(now() - (299 - n) * interval '1 day', 'YYYY-MM-DD') as run_id
from generate_series(0, 299) as n;

insert into ops.run (
    run_id, dag_id, started_at, ended_at, state, newest_release, listed, is_complete, note, key_expires_at
)
select
    run_id,
    'immport_release',
    started_at,
    started_at + interval '40 minutes',
    case when is_load then 'partial' when n % 97 = 3 then 'failed' else 'success' end,
    'DR' || release,
    :studies,
    true,
    case when n % 97 = 3 then 'the listing was not complete' end,
    started_at + interval '5 days'
from world_run;

insert into ops.load (
    source, scope, release_version, release_date, release_key, fetch_id, listed_version, route, route_reason,
    lacks, state, error, run_id, created_at, changed_at
)
select
    'immport',
    s.scope,
    'DR' || r.release,
    cast(r.started_at as date),
    r.release * 10000,
    'fetch-' || s.number,
    'DR' || r.release,
    case when s.number % 4 = 0 then 'package' else 'api' end,
    'chosen by the size of the study',
    '{}',
    case when (s.number * 7 + r.release * 3) % 97 = 5 then 'failed' else 'published' end,
    case
        when (s.number * 7 + r.release * 3) % 97 <> 5 then null
        when s.number % 3 = 0
            then 'extract: ServerError: www.immport.org: hai of ' || s.scope || ': HTTP 503 (5 tries)'
        when s.number % 3 = 1
            then 'stage: AnswerError: elisa of ' || s.scope || ': row ' || s.number || ' ends early'
        else 'check: CheckFailedError: hai: quarantine_share (' || s.number || ' of 3000 rows quarantined)'
    end,
    r.run_id,
    r.started_at,
    r.started_at + interval '20 minutes'
from world_run as r
inner join world_scope as s on s.number <= :studies * (0.75 + (r.release - 40) / 56.0)
where r.is_load
order by r.release, s.number;

-- A third of the loads landed what an earlier one had.
update ops.load as l
set
    same_as = (
        select p.load_id
        from ops.load as p
        where
            p.scope = l.scope and p.release_key < l.release_key and p.state = 'published'
            and p.load_id % 3 <> 0
        order by p.release_key desc
        limit 1
    )
where l.state = 'published' and l.load_id % 3 = 0;

create temporary table world_checked on commit drop as
select
    l.load_id,
    l.source,
    l.scope,
    l.release_version,
    l.route,
    l.state,
    l.changed_at,
    s.number
from ops.load as l
inner join world_scope as s on l.scope = s.scope
where l.same_as is null and (l.state = 'published' or l.error like 'check:%');

insert into ops.work (run_id, source, scope, release_version, action, reason, load_id, expected_rows)
select
    run_id,
    source,
    scope,
    release_version,
    'load',
    'new release ' || release_version,
    load_id,
    5000
from ops.load;

insert into ops.work (run_id, source, scope, release_version, action, reason)
select
    r.run_id,
    'immport',
    s.scope,
    'DR' || r.release,
    case when (s.number + r.n) % 311 = 0 then 'hold' else 'keep' end,
    case
        when (s.number + r.n) % 311 = 0 then 'no longer listed: 12 of ' || :studies || ' studies are gone'
        else 'unchanged since DR' || r.release || ', release files included'
    end
from world_run as r
inner join world_scope as s on s.number <= :studies * (0.75 + (r.release - 40) / 56.0)
where not r.is_load;

insert into ops.scope (source, scope, state, release_version, release_date, listed_version, reason)
select distinct on (l.scope)
    l.source,
    l.scope,
    case when s.number % 500 = 77 then 'withdrawn' else 'current' end,
    l.release_version,
    l.release_date,
    l.listed_version,
    case when s.number % 500 = 77 then 'withdrawn: no longer listed at DR54' end
from ops.load as l
inner join world_scope as s on l.scope = s.scope
where l.state = 'published'
order by l.scope asc, l.release_key desc;

insert into ops.ledger (load_id, source, scope, release_key, published_at)
select
    load_id,
    source,
    scope,
    release_key,
    changed_at
from ops.load
where state = 'published';

insert into ops.capture (source, scope, release_key, kind, lacks, load_id, captured_at)
select
    source,
    scope,
    release_key,
    'full',
    '{}',
    load_id,
    changed_at
from ops.load
where state = 'published';

insert into ops.step (
    run_id, load_id, source, scope, release_version, step, state, started_at, ended_at, rows, message,
    task_id, map_index, try_number
)
select
    l.run_id,
    l.load_id,
    l.source,
    l.scope,
    l.release_version,
    t.step,
    case when l.state = 'failed' and t.step = split_part(l.error, ':', 1) then 'failed' else 'done' end,
    l.created_at + t.place * interval '5 minutes',
    l.created_at + t.place * interval '5 minutes' + interval '8 seconds',
    5000,
    case when l.state = 'failed' and t.step = split_part(l.error, ':', 1) then l.error end,
    'load.' || t.step,
    l.load_id / 20 % 50,
    1
from ops.load as l
cross join unnest(array['extract', 'stage', 'check', 'publish']) with ordinality as t (step, place)
where
    l.state = 'published'
    or t.place <= array_position(array['extract', 'stage', 'check'], split_part(l.error, ':', 1));

insert into ops.release_change (load_id, relation, added, corrected, withdrawn, unchanged, distinct_keys)
select
    l.load_id,
    r.relation,
    case when l.same_as is null then l.load_id % 7 else 0 end,
    case when l.same_as is null then l.load_id % 3 else 0 end,
    0,
    length(r.relation) * 50,
    length(r.relation) * 50 + case when l.same_as is null then l.load_id % 7 + l.load_id % 3 else 0 end
from ops.load as l
cross join unnest(cast(:relations as text[])) as r (relation)
where l.state = 'published';

update ops.ledger as g
set (facts_added, facts_corrected, facts_withdrawn) = (
    select
        coalesce(sum(c.added), 0),
        coalesce(sum(c.corrected), 0),
        coalesce(sum(c.withdrawn), 0)
    from ops.release_change as c
    where c.load_id = g.load_id and starts_with(c.relation, 'fact')
);

insert into ops.staged (load_id, endpoint, rows_received, rows_staged, rows_expected, expected_from)
select
    c.load_id,
    e.endpoint,
    1000,
    1000,
    1000,
    'the table counts of the release'
from world_checked as c
cross join unnest(cast(:endpoints as text[])) as e (endpoint);

insert into ops.package_table (load_id, table_name, rows, read_for)
select
    c.load_id,
    'table_' || n,
    100 * n,
    case when n % 2 = 0 then 'hai' end
from world_checked as c
cross join generate_series(1, 60) as n
where c.route = 'package';

insert into ops.drift (load_id, endpoint, field, kind, rows)
select
    c.load_id,
    (array['hai', 'elisa', 'fcsAnalyzed'])[n],
    'field' || c.load_id % 7,
    (array['missing', 'unknown', 'repeated'])[n],
    10 + c.load_id % 90
from world_checked as c
cross join generate_series(1, 3) as n
where c.load_id % 5 = 0;

-- 14 checks of each endpoint, and the share of quarantined rows.
insert into quality.result (load_id, endpoint, check_id, severity, success, unexpected_rows, detail)
select
    c.load_id,
    e.endpoint,
    t.check_id,
    t.severity,
    not f.failed,
    case when f.failed then 1 + c.load_id % 50 else 0 end,
    case when f.failed then 'values such as 8O, >89, n/a' end
from world_checked as c
cross join unnest(cast(:endpoints as text[])) with ordinality as e (endpoint, number)
cross join
    unnest(
        array[
            'row_count', 'key_present:studyAccession', 'key_unique', 'type:value', 'reference:armAccession',
            'agrees:armAccession:subjectAccession', 'type:comments', 'type:field8', 'type:field9',
            'type:field10', 'type:field11', 'type:field12', 'type:field13', 'type:field14'
        ],
        array[
            'critical', 'critical', 'warning', 'row', 'warning', 'warning', 'value', 'value', 'value',
            'value', 'value', 'value', 'value', 'value'
        ]
    ) with ordinality as t (check_id, severity, place)
cross join lateral (
    values (t.place in (3, 4, 5, 7) and (c.load_id + e.number) % 40 = t.place)
) as f (failed);

insert into quality.quarantine (
    load_id, source, scope, release_version, endpoint, row_number, rule, row, quarantined_at
)
select
    c.load_id,
    c.source,
    c.scope,
    c.release_version,
    (array['hai', 'elisa', 'fcsAnalyzed'])[1 + n % 3],
    n,
    (array['type:value', 'key_unique', 'type:value, key_unique', 'refused:stub'])[1 + n % 4],
    jsonb_build_object(
        'studyAccession', c.scope, 'resultId', n, 'valueReported', '>' || n, 'armAccession', 'ARM' || n,
        'subjectAccession', 'SUB' || n, 'biosampleAccession', 'BS' || n, 'unitReported', 'mg',
        'comments', repeat('as received ', 15)
    ),
    c.changed_at
from world_checked as c
cross join generate_series(1, greatest(5, least(:studies, 10 * :studies / c.number))) as n;

insert into quality.result (load_id, endpoint, check_id, severity, success, unexpected_rows, detail)
select
    c.load_id,
    q.endpoint,
    'quarantine_share',
    'critical',
    c.state = 'published',
    count(*),
    count(*) || ' of 30000 rows quarantined'
from world_checked as c
inner join quality.quarantine as q on c.load_id = q.load_id
group by c.load_id, c.state, q.endpoint;

insert into quality.quarantined_value (
    load_id, source, scope, release_version, endpoint, row_number, field, rule, key, value, quarantined_at
)
select
    c.load_id,
    c.source,
    c.scope,
    c.release_version,
    'demographic',
    n,
    'max_subject_age',
    'type:maxSubjectAge',
    jsonb_build_object('subjectAccession', 'SUB' || n),
    (array['>89', 'unknown', 'N/A', '8O', '>90'])[1 + (n + c.load_id) % 5],
    c.changed_at
from world_checked as c
cross join generate_series(1, 20) as n;

insert into quality.quarantine_group (load_id, source, scope, kind, endpoint, rule, field, value, items)
select
    load_id,
    source,
    scope,
    'row',
    endpoint,
    rule,
    null,
    null,
    count(*)
from quality.quarantine
group by load_id, source, scope, endpoint, rule
union all
select
    load_id,
    source,
    scope,
    'value',
    endpoint,
    rule,
    field,
    value,
    count(*)
from quality.quarantined_value
group by load_id, source, scope, endpoint, rule, field, value;

insert into ops.call (
    run_id, step, source, host, endpoint, calls, retries, errors, refusals, bytes, milliseconds,
    slowest_milliseconds, answered_at, failed_at, failure
)
select
    r.run_id,
    'extract',
    'immport',
    'www.immport.org:443',
    e.endpoint,
    1500,
    e.place,
    e.place / 2,
    0,
    100000000,
    900000,
    4000,
    r.started_at,
    r.started_at - interval '1 minute',
    'ServerError 503'
from world_run as r
cross join unnest(cast(:endpoints as text[])) with ordinality as e (endpoint, place);

insert into ops.circuit (host, state, failures, opened_at, openings, error, endpoint, scope)
select
    'www.immport.org:443',
    'open',
    5,
    now() - interval '1 hour',
    2,
    'HTTP 503',
    'hai',
    scope
from world_scope
where number = 7;

insert into ops.run (run_id, dag_id, started_at, ended_at, state)
select
    'warehouse_upkeep/scheduled__' || n,
    'warehouse_upkeep',
    now() - (365 - n) * interval '1 day',
    now() - (365 - n) * interval '1 day' + interval '5 minutes',
    case when n % 50 = 1 then 'failed' else 'success' end
from generate_series(1, 365) as n;

insert into quality.audit (run_id, check_id, relation, severity, failed_rows, detail, checked_at)
select
    'warehouse_upkeep/scheduled__' || d,
    'check_' || n % 17,
    r.relation,
    'critical',
    case when d % 50 = 1 and n = 5 and r.number < 4 then 2 else 0 end,
    'a row with several open versions',
    now() - (365 - d) * interval '1 day'
from generate_series(1, 365) as d
cross join generate_series(0, 16) as n
cross join unnest(cast(:relations as text[])) with ordinality as r (relation, number);

insert into ops.alert (
    event_key, alert_type, severity, source, scopes, release_version, run_id, cause, to_do, link, happened_at,
    resolved_at
)
select
    'run_failed/' || run_id,
    'run_failed',
    'error',
    'immport',
    array(
        select s.scope from world_scope as s
        where s.number % 97 = r.n % 97
    ),
    'DR' || release,
    run_id,
    'the run ended as partial',
    'retry the studies that failed',
    'tabs/run?dag_id=immport_release',
    started_at,
    case when n < 280 then started_at + interval '1 day' end
from world_run as r;

insert into ops.alert_delivery (alert_id, route, state, attempts, changed_at)
select
    a.alert_id,
    r.route,
    'delivered',
    1,
    a.happened_at
from ops.alert as a
cross join unnest(array['webhook', 'mail']) as r (route);
