"""The actions that a page offers for the scopes that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def offers(view: View, source: str, scopes: Sequence[str]) -> list[Offer]:
    """Actions for scopes of a source, for a reader who may request them."""
    if not (scopes and view.reader.may_operate and may_trigger(view.user, loading_dag(source))):
        return []
    states = view.rows("action_scopes", source=source, scopes=list(scopes[:MOST_SCOPES]))
    found = []
    for action in ACTIONS.values():
        if names := [item["scope"] for item in states if action.is_for(item)]:
            found.append(
                Offer(action, len(names), address(f"actions/{action.name}", source=source, scope=names))
            )
    return found
