"""What a person set for a run that decides about the scopes of a source. No I/O in here."""

from __future__ import annotations

from dataclasses import dataclass

from include.sources.source import Scope

#: Share of the current scopes that a run may withdraw without a person's approval. One is always allowed.
MAX_WITHDRAWN_SHARE = 0.1


@dataclass(frozen=True)
class LoadPolicy:
    """What a person set for the run.

    :param studies: only these scopes, of ImmPort studies; all when empty.
    :param force: load scopes that did not change, too.
    :param approve_withdrawals: withdraw however many scopes are gone.
    :param approve_releases: take releases that seem not to be possible.
    :param max_withdrawn_share: share of the current scopes that may be withdrawn without approval.
    """

    studies: frozenset[str] = frozenset()
    force: bool = False
    approve_withdrawals: bool = False
    approve_releases: bool = False
    max_withdrawn_share: float = MAX_WITHDRAWN_SHARE

    def doubts(self, doubt: str | None) -> bool:
        """Whether a release is withheld for a person to approve.

        :param doubt: why it cannot be; None for no doubt.
        """
        return doubt is not None and not self.approve_releases

    def wants(self, scope: str) -> bool:
        return not self.studies or scope in self.studies

    def too_many_gone(self, why: str, gone: int, current: int, scope: Scope) -> str | None:
        """Why the run withdraws nothing without approval, where it would withdraw too many at once.

        :param why: why they would be withdrawn.
        :param gone: how many would be, of those that are `current`.
        """
        if self.approve_withdrawals or gone <= max(1, self.max_withdrawn_share * current):
            return None
        return (
            f"{why}, as are {gone} of {current} {scope.plural} in the warehouse, more than"
            f" {self.max_withdrawn_share:.0%}: run again with approve_withdrawals if that is right"
        )
