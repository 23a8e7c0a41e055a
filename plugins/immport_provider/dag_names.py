"""Names of the DAGs that load sources."""

from __future__ import annotations

from include.sources.immport.source import IMMPORT

#: Loads the studies of ImmPort's data releases.
RELEASE = "immport_release"


def loading_dag(source: str) -> str:
    """The DAG that loads a source.

    :param source: name of the source, as the registry has it.
    """
    return RELEASE if source == IMMPORT.name else f"immport_{source}"
