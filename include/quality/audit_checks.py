"""The checks of the audit: each a query for the rows that break it, made of the model.

Here is the list of all, and those that compare the tables with what was loaded and written.

    >>> of_hai = (item for item in checks() if item.relation == "fact_hai")
    >>> print(next(item.broken for item in of_hai if item.check_id == "filled"))
    select c.load_id, c.scope, c.release_key, max(s.rows_there) as rows_there
    from ops.capture c join (select load_id, rows_staged as rows_there from ops.staged
    where is_known and endpoint = 'hai'
    ...
    where r.load_id = c.load_id and r.relation = 'fact_hai')
    group by c.load_id, c.scope, c.release_key
"""

from __future__ import annotations

from collections.abc import Iterator

from include.quality.audit_check import AuditCheck, is_described, row_keys
from include.quality.audit_history import inferred, of_keys, of_references, of_versions, one_home, weights
from include.quality.checks import Severity
from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.access.roles import ANALYST
from include.warehouse.load.content_digests import MEASURE
from include.warehouse.load.package.package_findings import PACKAGE_LINE
from include.warehouse.model.declaration import Dimension, Fact, Weight
from include.warehouse.model.registry import DIMENSIONS, FACTS, VERSIONED, VERSIONED_DIMENSIONS, model_of


def checks() -> Iterator[AuditCheck]:
    """All checks, table by table."""
    for dimension in DIMENSIONS:
        yield from of_keys(dimension)
    for table in VERSIONED:
        yield _members(table)
        yield from of_versions(table)
        yield from _of_captures(table)
        yield from of_references(table)
        yield _unaltered(table)
    for dimension in VERSIONED_DIMENSIONS:
        yield inferred(dimension)
        if not dimension.shared:
            yield one_home(dimension)
    for fact in FACTS:
        yield _conservation(fact)
        yield _filled(fact)
        for item in fact.derived:
            if isinstance(item, Weight):
                yield weights(fact, item)
    yield _export_access()
    yield _markers_agree()
    yield _quarantine_counted()
    yield _quarantine_grouped()
    yield _changes_added_up()


def _unaltered(table: Dimension | Fact) -> AuditCheck:
    """A scope has the rows, with the values, that its last publish left."""
    scope = table.scope_key
    return AuditCheck(
        "unaltered",
        table.relation,
        f"a {table.scope.title} whose rows were changed, added or removed other than by a publish",
        f"""select c.scope_key, c.load_id, c.rows as rows_published, coalesce(f.rows, 0) as rows_found
            from ops.content c
            left join (select h.{scope} as scope_key, {MEASURE} from history.{table.relation} h
                group by h.{scope}) f using (scope_key)
            where c.relation = {literal(table.relation)}
                and (c.rows, c.digest) is distinct from (coalesce(f.rows, 0), coalesce(f.digest, 0))""",
    )


def _of_captures(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """Rows change where their scope was captured, and a withdrawn scope has none."""
    keys, source = row_keys(table), f"history.{table.relation} h"
    captured = f"select from {_captures(table)} where {_is_of(table)} and c.release_key ="
    what = table.scope.title
    yield AuditCheck(
        "bounds_captured",
        table.relation,
        f"a version that begins or ends where its {what} was not captured",
        f"""select {keys}, h.valid_from, h.valid_to from {source} where {is_described(table)} and (
            not exists ({captured} h.valid_from)
            or h.valid_to <> {OPEN} and not exists ({captured} h.valid_to))""",
    )
    yield AuditCheck(
        "none_withdrawn",
        table.relation,
        f"a version that is valid at the withdrawal of its {what}",
        f"""select {keys}, c.release_key from {_captures(table)}
            join {source} on {_is_of(table)}
                and h.valid_from <= c.release_key and h.valid_to > c.release_key
            where c.kind = 'withdrawn' and {is_described(table)}""",
    )


def _conservation(fact: Fact) -> AuditCheck:
    """Of what was staged, each row is in the star, quarantined, or the repeat of one that is."""
    # Of some endpoints all rows may be none of the table.
    lost = "false" if fact.is_partial else "t.published = 0 and t.staged > t.quarantined"
    return AuditCheck(
        "conservation",
        fact.relation,
        "a load whose rows in the star are not those staged, less quarantined rows and repeats",
        f"""select t.load_id, t.scope, t.release_key, t.staged, t.quarantined, t.published,
                t.visible
            from (select c.load_id, c.scope, c.release_key, s.rows_staged as staged,
                    r.added + r.corrected + r.unchanged as published,
                    (select count(*) from quality.quarantine q
                        where q.load_id = coalesce(l.same_as, l.load_id) and q.endpoint = s.endpoint
                            and q.rule <> {literal(PACKAGE_LINE)}) as quarantined,
                    (select count(*) from history.{fact.relation} h
                        where {_is_of(fact)} and h.valid_from <= c.release_key
                            and h.valid_to > c.release_key) as visible
                from {_captures(fact)}
                join ops.load l on l.load_id = c.load_id
                join ops.staged s on s.load_id = c.load_id and s.is_known and s.withheld is null
                    and s.endpoint = {literal(fact.endpoint or "")}
                join ops.release_change r on r.load_id = c.load_id and r.relation = {literal(fact.relation)}
                where c.kind = 'full') t
            where t.published > t.staged
                or {lost}
                or t.visible not between t.published and t.published + t.quarantined""",
    )


def _members(table: Dimension | Fact) -> AuditCheck:
    """A row for each key that was staged; a quarantined row may have left its previous version in place."""
    described = f"and {is_described(table)}{' and not h.is_inferred' if isinstance(table, Dimension) else ''}"
    return AuditCheck(
        "members",
        table.relation,
        "a load after which the table has not a row for each key of its endpoint",
        f"""select t.load_id, t.scope, t.release_key, t.distinct_keys, t.quarantined, t.visible
            from (select c.load_id, c.scope, c.release_key, r.distinct_keys,
                    (select count(*) from quality.quarantine q
                        where q.load_id = coalesce(l.same_as, l.load_id)
                            and q.endpoint = {literal(table.endpoint or "")}) as quarantined,
                    (select count(*) from history.{table.relation} h
                        where {_is_of(table)} and h.valid_from <= c.release_key
                            and h.valid_to > c.release_key {described}) as visible
                from {_captures(table)}
                join ops.load l on l.load_id = c.load_id
                join ops.release_change r on r.load_id = c.load_id and r.relation = {literal(table.relation)}
                where c.kind = 'full' and r.distinct_keys is not null) t
            where t.visible not between t.distinct_keys and t.distinct_keys + t.quarantined""",
    )


def _filled(fact: Fact) -> AuditCheck:
    """A table that a newer model brought is empty for what was published before, until that is replayed.

    Of a package that came before its tables were read, all that is known is how many rows they had.
    """
    source = literal(model_of(fact).source.name)
    rows = f"""select load_id, rows_staged as rows_there from ops.staged
            where is_known and endpoint = {literal(fact.endpoint or "")}
        union select load_id, rows from ops.package_table where table_name = {literal(fact.endpoint or "")}"""
    return AuditCheck(
        "filled",
        fact.relation,
        "a load with rows for the table that was published without it: replay it",
        f"""select c.load_id, c.scope, c.release_key, max(s.rows_there) as rows_there
            from ops.capture c join ({rows}) s on s.load_id = c.load_id and s.rows_there > 0
            where c.source = {source} and c.kind = 'full' and not exists (select from ops.release_change r
                where r.load_id = c.load_id and r.relation = {literal(fact.relation)})
            group by c.load_id, c.scope, c.release_key""",
        Severity.WARNING,
    )


def _captures(table: Dimension | Fact) -> str:
    """SQL of the captures `c` of a table's source, with the keys `k` of their scopes."""
    model = model_of(table)
    of, source = model.of_scopes, literal(model.source.name)
    named = f"k.{of.natural_key[0].name} = c.scope and c.source = {source}"
    return f"ops.capture c join history.{of.key_table} k on {named}"


def _is_of(table: Dimension | Fact) -> str:
    """SQL that is true of a row `h` of the scope `k`."""
    return f"h.{table.scope_key} = k.{table.scope_key}"


def _export_access() -> AuditCheck:
    """Files do not follow a restriction: whoever keeps them must."""
    return AuditCheck(
        "export_access",
        "export",
        "an export with a study that is restricted since it was written: export to the same place again, or"
        " delete it and its row of ops.export, and ask those who copied it to do the same",
        f"""select e.location, e.release_version, e.written_at::text as written_at, k.study_accession
            from ops.export e cross join unnest(e.studies) s (study)
            join history.key_study k on k.study_accession = s.study
            join history.study_access a on a.study_key = k.study_key and not a.is_open
            where e.read_as = {literal(ANALYST)} or a.changed_at > e.written_at""",
        Severity.WARNING,
    )


def _markers_agree() -> AuditCheck:
    """What ImmPort's package has and what its published rules read are the same, where both are there."""
    return AuditCheck(
        "markers_agree",
        "marker_disagreement",
        "a text of cytometry in which ImmPort's package has other markers than its published rules read",
        """select d.study_key, d.what, d.reported as text_reported, d.marker_vocabulary
            from star.marker_disagreement d""",
        Severity.WARNING,
    )


def _quarantine_counted() -> AuditCheck:
    """Pages and metrics take the number of quarantined rows from the check that counted them."""
    return AuditCheck(
        "quarantine_counted",
        "quarantine",
        "a published load with another number of quarantined rows than its check quarantine_share counted",
        """select load_id, endpoint, c.counted, q.found
            from (select load_id, endpoint, unexpected_rows as counted from quality.result
                where check_id = 'quarantine_share' and unexpected_rows > 0) c
            full join (select load_id, endpoint, count(*) as found from quality.quarantine
                group by load_id, endpoint) q using (load_id, endpoint)
            join ops.load l using (load_id)
            where l.state = 'published' and c.counted is distinct from q.found""",
        Severity.WARNING,
    )


def _changes_added_up() -> AuditCheck:
    """The overview adds up what the ledger says of each load, not each of its tables."""
    return AuditCheck(
        "changes_added_up",
        "ledger",
        "a published load with another number of changed rows of facts than its tables have together",
        """select g.load_id, g.facts_added, g.facts_corrected, g.facts_withdrawn
            from ops.ledger g left join (
                select load_id, sum(added) as added, sum(corrected) as corrected, sum(withdrawn) as withdrawn
                from ops.release_change where starts_with(relation, 'fact') group by load_id
            ) c using (load_id)
            where (g.facts_added, g.facts_corrected, g.facts_withdrawn) is distinct from
                (coalesce(c.added, 0), coalesce(c.corrected, 0), coalesce(c.withdrawn, 0))""",
        Severity.WARNING,
    )


def _quarantine_grouped() -> AuditCheck:
    """The page of quarantine adds up the groups that were counted as rows and values were quarantined."""
    return AuditCheck(
        "quarantine_grouped",
        "quarantine_group",
        "a published load with another number of quarantined rows or values than its groups have",
        """select load_id, kind, endpoint, g.counted, q.found
            from (select load_id, kind, endpoint, sum(items)::bigint as counted from quality.quarantine_group
                group by load_id, kind, endpoint) g
            full join (
                select load_id, 'row' as kind, endpoint, count(*) as found from quality.quarantine
                group by load_id, endpoint
                union all
                select load_id, 'value', endpoint, count(*) from quality.quarantined_value
                group by load_id, endpoint) q using (load_id, kind, endpoint)
            join ops.load l using (load_id)
            where l.state = 'published' and g.counted is distinct from q.found""",
        Severity.WARNING,
    )
