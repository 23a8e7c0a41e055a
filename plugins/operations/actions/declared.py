"""The actions: for which scopes each is offered, which run it is, and what it leaves as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immport_provider.dag_names import DRY_RUN, loading_dag, scopes_parameter
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES

#: A scope, as the query `action_scopes` reads it.
Scope = Mapping[str, Any]
#: Scopes that one action may name.
MOST_SCOPES = 500


@dataclass(frozen=True)
class OperatorAction:
    """One action.

    :param effect: what will happen, in a sentence.
    :param keeps: what stays as it is, or how to take it back.
    :param offered: whether it is for a scope in its state.
    :param parameters: parameters of the DAG, for the scopes and the value chosen.
    :param choice: query of the values to choose one of, with a title.
    :param only_immport: the DAGs of other sources lack its parameter.
    :param is_dry_run: it only counts what another action would change: a run of the DAG for that.
    :param counted_by: the action that counts beforehand what it would change.
    """

    name: str
    title: str
    effect: str
    keeps: str
    offered: Callable[[Scope], bool]
    parameters: Callable[[Sequence[Scope], str], Mapping[str, Any]]
    choice: tuple[str, str] | None = None
    only_immport: bool = False
    is_dry_run: bool = False
    counted_by: str | None = None

    def is_for(self, scope: Scope) -> bool:
        """Whether it is offered for a scope."""
        return (scope["source"] == IMMPORT.name or not self.only_immport) and self.offered(scope)

    def dag_id(self, source: str) -> str:
        """The DAG that it is a run of."""
        return DRY_RUN if self.is_dry_run else loading_dag(source)

    def conf(self, scopes: Sequence[Scope], chosen: str) -> dict[str, Any]:
        """Parameters of the run, the scopes among them."""
        source = scopes[0]["source"]
        named = [item["scope"] for item in scopes]
        if self.is_dry_run:
            return {"source": source, "scopes": named, **self.parameters(scopes, chosen)}
        return {scopes_parameter(SOURCES[source].source): named, **self.parameters(scopes, chosen)}


def _other_route(scope: Scope) -> str:
    return "api" if scope["route"] == "package" else "package"


def _waits_for(parameter: str) -> Callable[[Scope], bool]:
    return lambda scope: scope["action"] == "hold" and parameter in (scope["reason"] or "")


ACTIONS: Mapping[str, OperatorAction] = {
    item.name: item
    for item in (
        OperatorAction(
            "retry",
            "Load it again",
            "A run requests the scopes anew, checks them and publishes what differs.",
            "What is published stays until the new load passes its checks.",
            offered=lambda scope: scope["state"] == "failed" or scope["action"] == "hold",
            parameters=lambda scopes, chosen: {},
        ),
        OperatorAction(
            "reload",
            "Load it although nothing changed",
            "A run requests the scopes anew although their release is here, and publishes what differs as a"
            " correction of that release.",
            "Rows that are the same are not written; earlier releases stay as they are.",
            offered=lambda scope: scope["state"] == "published" and scope["scope_state"] == "current",
            parameters=lambda scopes, chosen: {"force": True},
        ),
        OperatorAction(
            "other-route",
            "Load it by the other route",
            "A run loads the studies from the API instead of the package, or the other way round. Without a"
            " package to take, the load fails and changes nothing.",
            "Later runs choose the route as before.",
            offered=lambda scope: scope["state"] in {"failed", "published"} and scope["route"] is not None,
            parameters=lambda scopes, chosen: {
                "force": True,
                "routes": {item["scope"]: _other_route(item) for item in scopes},
            },
            only_immport=True,
        ),
        OperatorAction(
            "rewind",
            "Rewind it to a release",
            "A run removes what the studies have of releases after the chosen one, then loads what ImmPort"
            " lists now. Between the two, analysts see the chosen release.",
            "The landed answers stay; a replay with force brings back what was removed.",
            offered=lambda scope: scope["captures"] > 1,
            parameters=lambda scopes, chosen: {"retract_after": chosen},
            choice=("action_releases", "Newest release to keep"),
            only_immport=True,
        ),
        OperatorAction(
            "approve-withdrawals",
            "Approve the withdrawal",
            "A run withdraws the scopes if they are still not listed: analysts no longer see their rows.",
            "The history stays; a scope that is listed again is loaded again.",
            offered=_waits_for("approve_withdrawals"),
            parameters=lambda scopes, chosen: {"approve_withdrawals": True},
        ),
        OperatorAction(
            "approve-releases",
            "Approve the release",
            "A run loads the studies at a release whose number or date lies far ahead.",
            "Rewind takes it back.",
            offered=_waits_for("approve_releases"),
            parameters=lambda scopes, chosen: {"approve_releases": True},
            only_immport=True,
        ),
        OperatorAction(
            "accept-vanished",
            "Publish it although rows are gone",
            "A run publishes the scopes although more than a fifth of their results are gone: those rows end"
            " with the release.",
            "The rows stay in the releases before.",
            offered=lambda scope: scope["state"] == "failed" and "vanished" in (scope["error"] or ""),
            parameters=lambda scopes, chosen: {"accept_vanished": True, "force": True},
        ),
        OperatorAction(
            "replay-dry-run",
            "Count what a replay would let through",
            "A run stages what was landed of the scopes once more, checks it and compares it with the star:"
            " it counts the rows and values that a mended rule or mapping lets through, those that would"
            " newly be refused, and what would be added, corrected and withdrawn.",
            "Nothing is requested and nothing is published: all of it is taken back.",
            offered=lambda scope: scope["quarantined"] > 0,
            parameters=lambda scopes, chosen: {},
            is_dry_run=True,
        ),
        OperatorAction(
            "replay",
            "Load it again from landing",
            "A run loads what was landed of the scopes once more, without requests: rows and values that a"
            " mended rule or mapping lets through leave the quarantine and are published.",
            "Nothing is requested; what was landed stays.",
            offered=lambda scope: scope["quarantined"] > 0,
            parameters=lambda scopes, chosen: {"replay": True, "force": True},
            counted_by="replay-dry-run",
        ),
    )
}
