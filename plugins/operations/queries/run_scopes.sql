-- Each scope of a run: what was decided and why, how it ended, rows of each step, the task behind the last.
with steps as (
    select
        s.source,
        s.scope,
        s.release_version,
        max(s.rows) filter (where s.step in ('extract', 'download')) as extracted,
        max(s.rows) filter (where s.step = 'stage') as staged,
        max(s.rows) filter (where s.step in ('publish', 'withdraw')) as published,
        max(s.step_id) as newest
    from monitor.step as s
    where s.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
    group by s.source, s.scope, s.release_version
),

rejected as (
    select
        w.load_id,
        count(distinct row(q.endpoint, q.row_number)) as quarantined
    from monitor.work as w
    inner join monitor.load as l on w.load_id = l.load_id
    inner join monitor.quarantine as q on q.load_id = coalesce(l.same_as, l.load_id)
    where w.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
    group by w.load_id
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
            when n.step is not null then n.step
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
        n.step,
        n.task_id,
        n.map_index
    from monitor.work as w
    inner join monitor.run as r on w.run_id = r.run_id
    left join monitor.load as l on w.load_id = l.load_id
    left join steps as s
        on w.source = s.source and w.scope = s.scope and w.release_version = s.release_version
    left join monitor.step as n on s.newest = n.step_id
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
