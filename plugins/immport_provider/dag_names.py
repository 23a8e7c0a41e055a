"""Names of the DAGs that load sources."""

from __future__ import annotations

from include.sources.immport.source import IMMPORT
from include.sources.source import Source

#: Loads the studies of ImmPort's data releases.
RELEASE = "immport_release"
#: Loads releases from before the warehouse.
BACKFILL = "immport_backfill"
#: Counts what a replay of any source would change.
DRY_RUN = "warehouse_dry_run"


def loading_dag(source: str) -> str:
    """The DAG that loads a source.

    :param source: name of the source, as the registry has it.
    """
    return RELEASE if source == IMMPORT.name else f"immport_{source}"


def scopes_parameter(source: Source) -> str:
    """The parameter of that DAG which names scopes: `studies`, `gene_lists`."""
    return source.scope.plural.replace(" ", "_")
