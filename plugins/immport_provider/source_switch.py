"""Which sources beside ImmPort's studies this installation loads, and the names of their DAGs.

A variable switches sources off: `immport_sources` names those that are on. A source that is off has no DAG;
its tables are there all the same. Nothing of Airflow is imported here: what starts Airflow needs it, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from immport_provider.dag_names import loading_dag
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.source import Source

#: Airflow variable that names the sources which are on, with commas between; all are, where it is not set.
SWITCH = "immport_sources"
#: Its value that switches all on.
ALL = "all"
#: When the DAG of ImmPort's studies runs, as cron, UTC; they are always on.
STUDIES_SCHEDULE = "0 5 * * *"


class UnknownSourceError(ValueError):
    """The variable that switches sources on names one that is not declared."""


def dag_id(source: Source) -> str:
    """Name of a source's DAG."""
    return loading_dag(source.name)


def schedule(source: Source) -> str | None:
    """When that DAG runs, as cron, UTC; None for one that is only triggered."""
    return source.schedule if isinstance(source, FetchedSource) else STUDIES_SCHEDULE


def switched_on(sources: Iterable[Source], named: str | None) -> list[FetchedSource]:
    """The sources that have a DAG of their own declaration.

    :param named: value of the variable; None where it is not set, blank for none of them.
    :raises UnknownSourceError: it names something else.
    """
    declared = {item.name: item for item in sources if isinstance(item, FetchedSource)}
    if named is None or named.strip() == ALL:
        return list(declared.values())
    names = named.replace(",", " ").split()
    if strange := sorted(set(names) - declared.keys()):
        known = ", ".join(declared)
        raise UnknownSourceError(f"{SWITCH} names {', '.join(strange)}: not a source; there are {known}")
    return [item for name, item in declared.items() if name in names]
