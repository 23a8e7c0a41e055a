"""Synthetic gene lists in a warehouse, without HTTP: as the sandbox would serve them with a release."""

from __future__ import annotations

from datetime import UTC, datetime, time

from include.sandbox.gene_lists.synthetic_lists import SyntheticLists
from include.sandbox.synthetic.study_plan import RELEASES
from include.sources.gene_lists.files import TABLE
from include.sources.gene_lists.json_forms import read_catalogue
from include.sources.gene_lists.source import GENE_LISTS, LEGACY
from include.sources.gene_lists.tables import read_legacy_table
from include.sources.release import Release
from include.sources.row_reader import Intake
from tests.support.sources import load_scope
from tests.support.warehouse import Warehouse


def load_gene_lists(warehouse: Warehouse, seed: int, release: str) -> None:
    """Load every list that has a file of its first form, dated by the day of a data release."""
    days = list(RELEASES.values())
    place = list(RELEASES).index(Release.parse(release))
    objects = SyntheticLists(seed, days).objects(place)
    moment = datetime.combine(days[place], time(7), UTC)
    catalogue = objects[GENE_LISTS.endpoints["geneList"].path].body
    scopes = [str(row["id"]) for row in read_catalogue([catalogue], "", Intake())]
    legacy = {row["category"] for row in read_legacy_table([objects[TABLE.path].body], "", Intake())}
    for scope in (*scopes, *(f"{LEGACY}{name}" for name in sorted(map(str, legacy)))):
        served = GENE_LISTS.served_of(scope)
        paths = {item.name: item.address(scope, item.forms_of(scope)[0]) for item in served}
        if all(path in objects for path in paths.values()):
            answers = {name: objects[path].body for name, path in paths.items()}
            load_scope(warehouse, GENE_LISTS, scope, moment, **answers)
