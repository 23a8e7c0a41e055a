"""A synthetic table of orthologs in a warehouse, without HTTP: as the sandbox would serve it."""

from __future__ import annotations

from datetime import UTC, datetime, time

from include.sandbox.gene_lists.synthetic_orthologs import SyntheticOrthologs
from include.sandbox.synthetic.study_plan import RELEASES
from include.sources.orthologs.source import HOMOLOG, MOUSE_HUMAN, ORTHOLOGS
from include.sources.orthologs.table import HOMOLOGY
from include.sources.release import Release
from tests.support.sources import load_scope
from tests.support.warehouse import Warehouse


def table_at(release: str) -> bytes:
    """The table as it is served with a data release."""
    place = list(RELEASES).index(Release.parse(release))
    return SyntheticOrthologs(list(RELEASES.values())).objects(place)[HOMOLOGY.path].body


def load_orthologs(warehouse: Warehouse, release: str) -> None:
    """Load the table, dated by the day of a data release."""
    moment = datetime.combine(RELEASES[Release.parse(release)], time(7), UTC)
    load_scope(warehouse, ORTHOLOGS, MOUSE_HUMAN, moment, **{HOMOLOG.name: table_at(release)})
