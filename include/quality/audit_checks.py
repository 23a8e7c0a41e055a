"""The checks of the audit: each a query for the rows that break it, made of the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.quality.checks import Severity
from include.sources.release import OPEN
from include.warehouse.access.roles import ANALYST
from include.warehouse.load.content_digests import MEASURE
from include.warehouse.load.stage_package import PACKAGE_LINE
from include.warehouse.model.declaration import NOT_APPLICABLE, UNKNOWN, Dimension, Fact, Weight
from include.warehouse.model.registry import DIMENSION, DIMENSIONS, FACTS, VERSIONED, VERSIONED_DIMENSIONS

#: A sum of divisions is one but for rounding.
ROUNDING = "0.000001"


@dataclass(frozen=True)
class AuditCheck:
    """Something that must hold of one table.

    :param relation: table of history, or view of the star, without its schema.
    :param meaning: what a row that breaks it is.
    :param broken: query for the keys of the rows that break it, each column with a name of its own.
    """

    check_id: str
    relation: str
    meaning: str
    broken: str
    severity: Severity = Severity.CRITICAL


def checks() -> Iterator[AuditCheck]:
    """All checks, table by table."""
    for dimension in DIMENSIONS:
        yield from _of_keys(dimension)
    for table in VERSIONED:
        yield _members(table)
        yield from _of_versions(table)
        yield from _of_captures(table)
        yield from _of_references(table)
        yield _unaltered(table)
    for dimension in VERSIONED_DIMENSIONS:
        yield _inferred(dimension)
        if not dimension.shared:
            yield _one_home(dimension)
    for fact in FACTS:
        yield _conservation(fact)
        yield _filled(fact)
        for item in fact.derived:
            if isinstance(item, Weight):
                yield _weights(fact, item)
    yield _export_access()


def _of_keys(dimension: Dimension) -> Iterator[AuditCheck]:
    """Members and their surrogate keys belong together one to one."""
    key, table = dimension.key_column, f"history.{dimension.key_table}"
    natural = ", ".join(item.name for item in dimension.natural_key)
    yield AuditCheck(
        "one_key",
        dimension.key_table,
        "a natural key with several surrogate keys",
        f"select min({key}) as {key}, count(*) as keys from {table} where {key} > 0 group by {natural}"
        " having count(*) > 1",
    )
    yield AuditCheck(
        "special_members",
        dimension.key_table,
        "a missing member unknown or not applicable",
        f"select n.{key} from (values ({UNKNOWN}), ({NOT_APPLICABLE})) n ({key})"
        f" where not exists (select from {table} k where k.{key} = n.{key})",
    )


def _keys(table: Dimension | Fact, alias: str = "h") -> str:
    names = dict.fromkeys(("study_key", table.identity))
    return ", ".join(f"{alias}.{name}" for name in names)


def _of_versions(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """At any release a row has one version."""
    keys = _keys(table)
    source = f"history.{table.relation} h"
    yield AuditCheck(
        "one_open_version",
        table.relation,
        "a row with several open versions",
        f"select {keys}, count(*) as versions from {source} where h.valid_to = {OPEN}"
        f" group by {keys} having count(*) > 1",
    )
    yield AuditCheck(
        "interval",
        table.relation,
        "a version that ends before it begins",
        f"select {keys}, h.valid_from, h.valid_to from {source} where h.valid_from >= h.valid_to",
    )
    yield AuditCheck(
        "no_overlap",
        table.relation,
        "a version that begins before an earlier one of the row ends",
        _overlapping(table, keys),
    )


def _overlapping(table: Dimension | Fact, grain: str) -> str:
    """Versions that begin before an earlier one of the same grain has ended."""
    return f"""select {_keys(table, "o")}, o.valid_from, o.ended from (
            select {_keys(table)}, h.valid_from, max(h.valid_to) over (partition by {grain}
                order by h.valid_from rows between unbounded preceding and 1 preceding) as ended
            from history.{table.relation} h) o
        where o.ended > o.valid_from"""


def _one_home(dimension: Dimension) -> AuditCheck:
    """A join to such a dimension would find the member twice."""
    return AuditCheck(
        "grain",
        dimension.relation,
        "a member that two studies describe at one release",
        _overlapping(dimension, f"h.{dimension.key_column}"),
    )


def _unaltered(table: Dimension | Fact) -> AuditCheck:
    """A study has the rows, with the values, that its last publish left."""
    return AuditCheck(
        "unaltered",
        table.relation,
        "a study whose rows were changed, added or removed other than by a publish",
        f"""select c.study_key, c.load_id, c.rows as rows_published, coalesce(f.rows, 0) as rows_found
            from ops.content c
            left join (select h.study_key, {MEASURE} from history.{table.relation} h group by h.study_key) f
                using (study_key)
            where c.relation = '{table.relation}'
                and (c.rows, c.digest) is distinct from (coalesce(f.rows, 0), coalesce(f.digest, 0))""",
    )


def _of_captures(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """Rows change where their study was captured, and a withdrawn study has none."""
    keys, source = _keys(table), f"history.{table.relation} h"
    captured = (
        "select from history.key_study k join ops.capture c on c.study_accession = k.study_accession"
        " where k.study_key = h.study_key and c.release_key ="
    )
    yield AuditCheck(
        "bounds_captured",
        table.relation,
        "a version that begins or ends where its study was not captured",
        f"""select {keys}, h.valid_from, h.valid_to from {source} where {_told(table)} and (
            not exists ({captured} h.valid_from)
            or h.valid_to <> {OPEN} and not exists ({captured} h.valid_to))""",
    )
    yield AuditCheck(
        "none_withdrawn",
        table.relation,
        "a version that is valid at the withdrawal of its study",
        f"""select {keys}, c.release_key from ops.capture c
            join history.key_study k on k.study_accession = c.study_accession
            join {source} on h.study_key = k.study_key
                and h.valid_from <= c.release_key and h.valid_to > c.release_key
            where c.kind = 'withdrawn' and {_told(table)}""",
    )


def _told(table: Dimension | Fact) -> str:
    """Versions that a study told: special members have one of their own, told by none."""
    return f"h.{table.identity} > 0" if isinstance(table, Dimension) else "true"


def _of_references(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """Every key leads to a member, and that member shows whenever the row does."""
    targets = {item.column: DIMENSION[item.dimension] for item in table.references}
    if isinstance(table, Dimension):
        targets[table.key_column] = table
    if table.identity != "study_key":
        targets["study_key"] = DIMENSION["study"]
    for column, target in targets.items():
        keys, key = _keys(table), target.key_column
        yield AuditCheck(
            f"key_exists:{column}",
            table.relation,
            f"a row whose {column} is in no key table",
            f"""select {keys}, h.valid_from, h.{column} as missing from history.{table.relation} h
                where not exists (select from history.{target.key_table} k where k.{key} = h.{column})""",
        )
        if target.is_versioned and target is not table:
            yield AuditCheck(
                f"member_visible:{column}",
                table.relation,
                f"a row whose {column} leads to no member of the star as of some release",
                # Rows of one member and interval are judged once; an inner join would lose all of them.
                f"""select h.{column}, h.valid_from, h.valid_to, h.rows_lost from (
                    select {column}, valid_from, valid_to, count(*) as rows_lost
                    from history.{table.relation} where {column} > 0 and valid_from < valid_to
                    group by {column}, valid_from, valid_to) h
                left join (select {key}, range_agg(int4range(valid_from, valid_to)) as shown
                    from history.{target.relation} where valid_from < valid_to group by {key}) d
                    on d.{key} = h.{column}
                where (d.shown @> int4range(h.valid_from, h.valid_to)) is not true""",
            )


def _inferred(dimension: Dimension) -> AuditCheck:
    """Named once is an oversight of one release; named for longer is a gap in what ImmPort shares."""
    return AuditCheck(
        "inferred_for_long",
        dimension.relation,
        "a member that its endpoint did not describe in a later release either",
        f"""select {_keys(dimension)}, h.valid_from, max(c.release_key) as captured
            from history.{dimension.relation} h
            join history.key_study k on k.study_key = h.study_key
            join ops.capture c on c.study_accession = k.study_accession and c.kind = 'full'
                and c.release_key > h.valid_from
            where h.is_inferred and h.valid_to = {OPEN} and h.{dimension.key_column} > 0
            group by {_keys(dimension)}, h.valid_from""",
        Severity.WARNING,
    )


def _conservation(fact: Fact) -> AuditCheck:
    """Of what was staged, each row is in the star, set aside, or the repeat of one that is."""
    # Of some endpoints all rows may be none of the table.
    lost = "false" if fact.is_partial else "t.published = 0 and t.staged > t.set_aside"
    return AuditCheck(
        "conservation",
        fact.relation,
        "a load whose rows in the star are not those that were staged and not set aside",
        f"""select t.load_id, t.study_accession, t.release_key, t.staged, t.set_aside, t.published, t.visible
            from (select c.load_id, c.study_accession, c.release_key, s.rows_staged as staged,
                    r.added + r.corrected + r.unchanged as published,
                    (select count(*) from quality.quarantine q
                        where q.load_id = c.load_id and q.endpoint = s.endpoint
                            and q.rule <> '{PACKAGE_LINE}') as set_aside,
                    (select count(*) from history.{fact.relation} h
                        where h.study_key = k.study_key and h.valid_from <= c.release_key
                            and h.valid_to > c.release_key) as visible
                from ops.capture c
                join history.key_study k on k.study_accession = c.study_accession
                join ops.staged s on s.load_id = c.load_id and s.is_known and s.withheld is null
                    and s.endpoint = '{fact.endpoint}'
                join ops.release_change r on r.load_id = c.load_id and r.relation = '{fact.relation}'
                where c.kind = 'full') t
            where t.published > t.staged
                or {lost}
                or t.visible not between t.published and t.published + t.set_aside""",
    )


def _members(table: Dimension | Fact) -> AuditCheck:
    """A row for each key that was staged; a quarantined row may have left a version of before in place."""
    described = f"and {_told(table)}{' and not h.is_inferred' if isinstance(table, Dimension) else ''}"
    return AuditCheck(
        "members",
        table.relation,
        "a load after which the table has not a row for each key of its endpoint",
        f"""select t.load_id, t.study_accession, t.release_key, t.distinct_keys, t.quarantined, t.visible
            from (select c.load_id, c.study_accession, c.release_key, r.distinct_keys,
                    (select count(*) from quality.quarantine q
                        where q.load_id = c.load_id and q.endpoint = '{table.endpoint}') as quarantined,
                    (select count(*) from history.{table.relation} h
                        where h.study_key = k.study_key and h.valid_from <= c.release_key
                            and h.valid_to > c.release_key {described}) as visible
                from ops.capture c
                join history.key_study k on k.study_accession = c.study_accession
                join ops.release_change r on r.load_id = c.load_id and r.relation = '{table.relation}'
                where c.kind = 'full' and r.distinct_keys is not null) t
            where t.visible not between t.distinct_keys and t.distinct_keys + t.quarantined""",
    )


def _filled(fact: Fact) -> AuditCheck:
    """A table that a newer model brought is empty for what was published before, until that is replayed.

    Of a package that came before its tables were read, all that is known is how many rows they had.
    """
    rows = f"""select load_id, rows_staged as rows_there from ops.staged
            where is_known and endpoint = '{fact.endpoint}'
        union select load_id, rows from ops.package_table where table_name = '{fact.endpoint}'"""
    return AuditCheck(
        "filled",
        fact.relation,
        "a load with rows for the table that was published without it: replay its study",
        f"""select c.load_id, c.study_accession, c.release_key, max(s.rows_there) as rows_there
            from ops.capture c join ({rows}) s on s.load_id = c.load_id and s.rows_there > 0
            where c.kind = 'full' and not exists (select from ops.release_change r
                where r.load_id = c.load_id and r.relation = '{fact.relation}')
            group by c.load_id, c.study_accession, c.release_key""",
        Severity.WARNING,
    )


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
            where e.read_as = '{ANALYST}' or a.changed_at > e.written_at""",
        Severity.WARNING,
    )


def _weights(fact: Fact, weight: Weight) -> AuditCheck:
    shared = ", ".join(weight.within)
    return AuditCheck(
        "weights",
        fact.relation,
        f"rows of one {shared} whose weights do not sum to one",
        f"select {shared}, sum(weight) as weight from star.{fact.relation} group by {shared}"
        f" having abs(sum(weight) - 1) > {ROUNDING}",
    )
