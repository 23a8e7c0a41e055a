"""The plan of a synthetic study: its assays, its place in the releases, and what becomes of each row.

A study changes at its *events*: releases at which rows are added, corrected, filled in and withdrawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from include.sandbox.synthetic.assays import ASSAYS, Assay
from include.sources.release import Release

RELEASES = {
    Release(49): date(2023, 8, 25),
    Release(49, 1): date(2023, 9, 28),
    Release(50): date(2023, 12, 15),
    Release(51): date(2024, 3, 28),
}
_NEWEST = len(RELEASES) - 1
NEVER = len(RELEASES)

#: Assays of a study by its place; eight studies, less the withdrawn seventh, have all ten.
_ASSAYS = (
    "hai neutAbTiter elisa mbaa fcsAnalyzed",
    "elispot pcr fcsAnalyzed elisa",
    "hai hlaTyping kirTyping mbaa",
    "hai massSpectrometryResult pcr elispot",
    "hai neutAbTiter mbaa hlaTyping",
    "fcsAnalyzed elisa massSpectrometryResult",
    "hai pcr kirTyping elispot",
    "hai elisa massSpectrometryResult kirTyping fcsAnalyzed",
)
_HUMAN_ARMS = (
    ("Placebo", "Saline injection", "Placebo Comparator Arm"),
    ("Vaccine 15 µg", 'Licensed influenza vaccine, "standard" dose', "Experimental Arm"),
    ("Vaccine 60 µg", "High-dose influenza vaccine", "Experimental Arm"),
)
_MOUSE_ARMS = (
    ("Unimmunized", "PBS, subcutaneous", "Observational Arm"),
    ("OVA + alum", "Ovalbumin with alum, day 0", "Experimental Arm"),
)


def draw(*what: object) -> int:
    """A 64-bit number that depends on nothing but its arguments."""
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Spot:
    """Where a result row lies: features run fastest, then days, then subjects; then it is replicated."""

    feature: int
    day: int
    subject: int


@dataclass(frozen=True)
class Life:
    """From which release on (an index) a row is there, gone, corrected, filled in."""

    born: int = 0
    gone: int = NEVER
    corrected: int = NEVER
    filled: int = 0


@dataclass(frozen=True, eq=False)
class Study:
    """What a synthetic study is made of.

    :param index: its place in the world.
    :param born: index of the release that first has it.
    :param gone: index of the release that no longer has it.
    :param events: indexes of the releases that change it, oldest first.
    :param rows: result rows per assay once all events are past.
    """

    index: int
    born: int
    gone: int
    events: tuple[int, ...]
    rows: int
    seed: int

    @property
    def accession(self) -> str:
        return f"SDY{1001 + self.index}"

    @property
    def mouse(self) -> bool:
        return self.index % 4 == 1

    @property
    def title(self) -> str:
        what = "antigen specificity of T cells in mice" if self.mouse else "response to influenza vaccination"
        return f"Synthetic study {self.index + 1}: {what}"

    @property
    def arms(self) -> tuple[tuple[str, str, str], ...]:
        """Name, description and type of each arm."""
        return _MOUSE_ARMS if self.mouse else _HUMAN_ARMS

    @cached_property
    def assays(self) -> tuple[Assay, ...]:
        return tuple(ASSAYS[name] for name in _ASSAYS[self.index % len(_ASSAYS)].split())

    @cached_property
    def subjects(self) -> int:
        """Subjects, the last of whom joins at the newest event."""
        return min(max(self.rows // 8, 4), 5000)

    @cached_property
    def total(self) -> int:
        """Rows an assay ever has: those that stay, and a tenth more that the events withdraw."""
        return self.rows + (max(1, self.rows // 10) if self.events else 0)

    def latest(self, release: int) -> int:
        """Index of the release that last changed the study, as of a release."""
        return max([event for event in self.events if event <= release], default=self.born)

    def changed(self, release: int) -> bool:
        """Whether the newest event is past: the last subject has joined, corrections are made."""
        return bool(self.events) and release >= self.events[-1]

    def present(self, release: int) -> range:
        """Numbers of the subjects there at a release."""
        return range(self.subjects if self.changed(release) or not self.events else self.subjects - 1)

    def spot(self, assay: Assay, number: int) -> Spot:
        """Where row number `number` of an assay lies."""
        sample, feature = divmod(number, len(assay.features))
        subject, day = divmod(sample, len(assay.days))
        return Spot(feature, day, subject % self.subjects)

    def life(self, number: int, subject: int) -> Life:
        """What becomes of a row: of ten, one is added, one corrected and one filled in at an event."""
        if not self.events:
            return Life()
        # Early tens of rows belong to the newest event, so that it has its share in a small world.
        joined = self.events[-1] if subject == self.subjects - 1 else 0
        if number >= self.rows:
            return Life(joined, self.events[-1 - number % len(self.events)])
        event = self.events[-1 - number // 10 % len(self.events)]
        match (number + number // 10) % 10:
            case 3:
                return Life(joined, corrected=event)
            case 5:
                return Life(joined, filled=event)
            case 7:
                return Life(max(joined, event))
            case _:
                return Life(joined)


def plan(index: int, studies: int, rows: int, seed: int) -> Study:
    """Plan one study of a world.

    Of two or more studies the last is new in the newest release; of three or more the one before it is
    withdrawn there; the first changes there, and in a larger world at every release before.
    """
    last = studies - 1
    born, gone = (0, 0, 0, 1, 0, 2)[index % 6], NEVER
    if last and index == last:
        born = _NEWEST
    elif last > 1 and index == last - 1:
        born, gone = 0, _NEWEST
    wanted = (1, 2, 3)[-max(1, min(3, rows // 10)) :] if index == 0 else (3 - index % 3,)
    return Study(index, born, gone, tuple(event for event in wanted if born < event < gone), rows, seed)
