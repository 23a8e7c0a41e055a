"""The actions that a page offers for the scopes that it shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from immport_provider.dag_names import loading_dag
from operations.access import may_trigger
from operations.actions.declared import ACTIONS, MOST_SCOPES, OperatorAction
from operations.page import address
from operations.view import View


@dataclass(frozen=True)
class Offer:
    """An action that some of the scopes are in the state for.

    :param href: the page that says what will happen, and requires a reason.
    """

    action: OperatorAction
    scopes: int
    href: str


def may_request(user: Any, action: OperatorAction, source: str) -> bool:
    """Whether a user of Airflow may request an action for a source: who may load it, and trigger the DAG."""
    return all(may_trigger(user, dag_id) for dag_id in {loading_dag(source), action.dag_id(source)})


def offers(
    view: View, source: str, scopes: Sequence[str], among: Collection[str] = tuple(ACTIONS)
) -> list[Offer]:
    """Actions for scopes of a source, for a reader who may request them.

    :param among: names of the actions that the page offers.
    """
    if not (scopes and view.reader.may_operate and may_trigger(view.user, loading_dag(source))):
        return []
    states = view.rows("action_scopes", source=source, scopes=list(scopes[:MOST_SCOPES]))
    found = []
    for action in (ACTIONS[name] for name in among):
        if not may_request(view.user, action, source):
            continue
        if names := [item["scope"] for item in states if action.is_for(item)]:
            found.append(
                Offer(action, len(names), address(f"actions/{action.name}", source=source, scope=names))
            )
    return found
