-- What a dry run of a replay found of each scope, endpoint and rule: what would pass first.
select
    r.source,
    r.scope,
    r.release_version,
    r.endpoint,
    r.kind,
    r.rule,
    r.earlier,
    r.now,
    r.passed,
    r.refused
from monitor.dry_run_rule as r
where r.run_id = :run
order by
    r.passed desc, r.refused desc, r.earlier desc, r.scope asc, r.release_version asc, r.endpoint asc,
    r.rule asc, r.kind asc
limit 200
