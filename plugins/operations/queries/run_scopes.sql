-- Each scope of a run: what was decided and why, how it ended, rows of each step, the task behind the last.
with steps as (
    select
        s.source,
        s.scope,
        s.release_version,
        max(s.rows) filter (where s.step in ('extract', 'download')) as extracted,
        max(s.rows) filter (where s.step = 'stage') as staged,
        max(s.rows) filter (where s.step in ('publish', 'withdraw')) as published,
        (array_agg(s.step order by s.step_id desc))[1] as step,
        (array_agg(s.task_id order by s.step_id desc))[1] as task_id,
        (array_agg(s.map_index order by s.step_id desc))[1] as map_index
    from monitor.step as s
    where s.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
    group by s.source, s.scope, s.release_version
),

checked as materialized (
    select
        w.load_id,
        coalesce(l.same_as, l.load_id) as checked_as,
        l.state = 'published' as is_published
    from monitor.work as w
    inner join monitor.load as l on w.load_id = l.load_id
    where w.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
),

counted as (
    -- What is published passed the check that counts them; of others, some may have none yet.
    select
        r.load_id,
        cast(sum(r.unexpected_rows) as bigint) as quarantined
    from monitor.result as r
    where
        r.check_id = 'quarantine_share'
        and r.load_id = any(array(
            select c.checked_as from checked as c
            where c.is_published
        ))
    group by r.load_id
    union all
    select
        q.load_id,
        count(*) as quarantined
    from monitor.quarantine as q
    where
        q.load_id = any(array(
            select c.checked_as from checked as c
            where not c.is_published
        ))
    group by q.load_id
),

rejected as (
    select
        c.load_id,
        max(j.quarantined) as quarantined
    from checked as c
    inner join counted as j on c.checked_as = j.load_id
    group by c.load_id
),

scopes as (
    select
        w.run_id,
        w.source,
        w.scope,
        w.release_version,
        case
            when w.action in ('keep', 'hold', 'plan') then w.action
            when l.run_id <> w.run_id then 'superseded'
            when l.state = 'published' and w.action = 'withdraw' then 'withdrawn'
            when l.state = 'published' then 'published'
            when l.state = 'failed' then 'failed'
            when r.state <> 'running' then 'failed'
            when s.step is not null then s.step
            else 'planned'
        end as outcome,
        case
            when l.state = 'failed' then l.error
            when l.state <> 'published' and r.state <> 'running' then 'was not finished'
            else w.reason
        end as reason,
        s.extracted,
        s.staged,
        s.published,
        coalesce(j.quarantined, 0) as quarantined,
        s.step,
        s.task_id,
        s.map_index
    from monitor.work as w
    inner join monitor.run as r on w.run_id = r.run_id
    left join monitor.load as l on w.load_id = l.load_id
    left join steps as s
        on w.source = s.source and w.scope = s.scope and w.release_version = s.release_version
    left join rejected as j on w.load_id = j.load_id
    where w.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
)

select
    *,
    -- What needs a person first, then by number.
    case outcome when 'failed' then 0 when 'hold' then 1 when 'keep' then 3 else 2 end * 1000000
    + coalesce(cast(nullif(left(regexp_replace(scope, '\D', '', 'g'), 6), '') as integer), 0) as urgency
from scopes
where
    (cast(:search as text) is null or strpos(lower(scope || ' ' || reason), lower(:search)) > 0)
    and (cast(:outcome as text) is null or outcome = :outcome)
