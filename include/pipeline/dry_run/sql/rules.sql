-- What a dry run found of each scope, endpoint and rule.
select
    r.scope,
    r.release_version,
    r.endpoint,
    r.kind,
    r.rule,
    r.earlier,
    r.now,
    r.passed,
    r.refused
from ops.dry_run_rule as r
where r.run_id = :run
order by length(r.scope), r.scope, r.release_version, r.endpoint, r.rule, r.kind
