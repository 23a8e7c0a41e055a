"""What a failed critical check withholds: the scope, or the endpoint alone, as the endpoint declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from include.quality.checks import Severity
from include.quality.outcome import Finding, JudgedLoad
from include.sources.endpoint import Withholds
from include.sources.package.recipes import RECIPES
from include.sources.source import Source
from include.warehouse.load.package.package_findings import member_name
from include.warehouse.schema.ops_tables import STAGED


def withhold(connection: sa.Connection, load: JudgedLoad, findings: Iterable[Finding]) -> list[Finding]:
    """Withhold endpoints whose critical checks failed and for which results do not wait.

    Publishing leaves their tables as they are. A repeat replaces what an earlier attempt recorded.

    :returns: all findings; those that withhold an endpoint alone have that severity.
    """
    judged: list[Finding] = []
    why: dict[str, list[str]] = {}
    for item in findings:
        endpoints = load.model.source.endpoints
        names = _concerned(load.model.source, item.endpoint)
        is_alone = bool(names) and all(endpoints[name].withholds is Withholds.ITSELF for name in names)
        if item.severity is Severity.CRITICAL and is_alone:
            judged.append(replace(item, severity=Severity.ENDPOINT))
            if not item.success:
                for name in names:
                    why.setdefault(name, []).append(item.summary)
        else:
            judged.append(item)
    of_load = STAGED.c.load_id == load.load_id
    connection.execute(sa.update(STAGED).where(of_load).values(withheld=None))
    for name, reasons in why.items():
        statement = sa.update(STAGED).where(of_load & (STAGED.c.endpoint == name))
        connection.execute(statement.values(withheld="; ".join(reasons)))
    return judged


def _concerned(source: Source, name: str) -> list[str]:
    """Endpoints that a finding is about: itself, or those whose rows are made of that table of a package."""
    if name in source.endpoints:
        return [name]
    return [
        endpoint
        for endpoint, recipe in RECIPES.items()
        if name in {member_name(table) for table in recipe.tables}
    ]
