"""All rows of one synthetic study at one release: what was sampled, measured and filed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from include.sandbox.row import Row
from include.sandbox.synthetic.assays import CONTROL_NULLS, Assay, Cell
from include.sandbox.synthetic.clinical import Clinical
from include.sandbox.synthetic.study_documents import StudyDocuments
from include.sandbox.synthetic.study_plan import Life, Spot, draw
from include.sandbox.synthetic.subjects import VISITS, Subjects
from include.sandbox.world import Test, kept

#: By how much a value curated again differs: ImmPort prints 49.9999 for what was below 50.
_AGAIN = Decimal("0.0001")


class Shared(NamedTuple):
    """What the rows of an experiment sample share, and whether they are requested."""

    row: Row
    wanted: bool


class Measurements:
    """All rows of a study and its subjects.

    :param again: the package was issued again in this or an earlier release: some values are curated anew.
    """

    def __init__(self, subjects: Subjects, again: bool = False) -> None:
        self.subjects, self.study, self.release, self.again = (
            subjects,
            subjects.study,
            subjects.release,
            again,
        )
        self.documents = StudyDocuments(subjects)
        self.clinical = Clinical(subjects)

    def rows(self, endpoint: str, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """Rows at an endpoint that pass the tests; one this world knows nothing of has none."""
        subjects = self.subjects
        makers: dict[str, Callable[[], Iterator[Row]]] = {
            "study": lambda: iter([subjects.study_row()]),
            "summary": lambda: iter([{**subjects.study_row(), **self.documents.lists()}]),
            "arm": subjects.arms,
            "demographic": subjects.demographics,
            "plannedVisit": subjects.visits,
            "biosample": subjects.biosamples,
            "experiment": subjects.experiments,
            "expsample": self._expsamples,
            "filePath": self._files,
            **self.clinical.makers(),
            **self.documents.makers(),
        }
        if endpoint in makers:
            return kept(makers[endpoint](), tests)
        assay = next((assay for assay in self.study.assays if assay.endpoint == endpoint), None)
        return iter(()) if assay is None else self.results(assay, tests)

    def counts(self) -> dict[str, int]:
        """Result rows per measurement technique."""
        return {assay.technique: self.count(assay) for assay in self.study.assays}

    def count(self, assay: Assay) -> int:
        """Result rows of an assay; not counted one by one where the plan says how many."""
        if not self.study.events or self.study.changed(self.release):
            return self.study.rows
        return sum(1 for _ in self._there(assay))

    def _slot(self, assay: Assay) -> int:
        """A number of this study and assay alone."""
        return self.study.index * 8 + self.study.assays.index(assay)

    def _sample(self, assay: Assay, sample: int, spot: Spot) -> Row:
        """What all results of an experiment sample repeat."""
        return {
            **self.subjects.subject(spot.subject),
            **self.subjects.biosample(spot.subject, assay.sample, assay.days[spot.day]),
            **self.subjects.experiment(assay),
            "expsampleAccession": self.expsample(assay, sample),
        }

    def expsample(self, assay: Assay, sample: int) -> str:
        """The accession of an experiment sample."""
        return f"ES{1_000_001 + self._slot(assay) * 1_000_000 + sample}"

    def treatment(self, sample: int) -> str | None:
        """The treatment of every third experiment sample."""
        return f"TRT{1001 + self.study.index}" if sample % 3 == 0 else None

    def spots(self, assay: Assay) -> Iterator[tuple[int, Spot]]:
        """The experiment samples of this release, by number."""
        features, present = len(assay.features), self.study.present(self.release)
        for sample, number in enumerate(range(0, self.study.total, features)):
            spot = self.study.spot(assay, number)
            if spot.subject in present:
                yield sample, spot

    def drawn(self, assay: Assay) -> Iterator[tuple[int, Spot, Spot]]:
        """The biosamples of every experiment sample: its number and spot, and the spot of the biosample."""
        for sample, spot in self.spots(assay):
            yield sample, spot, spot
            if assay.pools and sample % 5 == 0:
                yield sample, spot, replace(spot, day=(spot.day + 1) % len(assay.days))

    def _expsamples(self) -> Iterator[Row]:
        for assay in self.study.assays:
            for sample, _, taken in self.drawn(assay):
                row = self._sample(assay, sample, taken)
                yield {**row, "expsampleName": row["expsampleAccession"], "resultSchema": assay.schema}

    def _files(self) -> Iterator[Row]:
        """One file per assay and day, repeated for each of its experiment samples and their biosamples."""
        for assay in self.study.assays:
            for sample, spot, taken in self.drawn(assay):
                yield self._file(assay, sample, spot, taken)

    def files(self) -> Iterator[Row]:
        """The same, each file once."""
        for assay in self.study.assays:
            firsts: dict[int, tuple[int, Spot]] = {}
            for sample, spot in self.spots(assay):
                firsts.setdefault(spot.day, (sample, spot))
                if len(firsts) == len(assay.days):
                    break
            for sample, spot in firsts.values():
                yield self._file(assay, sample, spot, spot)

    def file_id(self, assay: Assay, spot: Spot) -> int:
        """The file of an assay's day."""
        return 300_001 + self._slot(assay) * len(VISITS) + spot.day

    def file_size(self, file: int) -> int:
        """Bytes of that file."""
        return 1000 + file % 977

    def _file(self, assay: Assay, sample: int, spot: Spot, taken: Spot) -> Row:
        row = self._sample(assay, sample, taken)
        file = self.file_id(assay, spot)
        detail = f"{assay.technique} result"
        name = f"{assay.endpoint}_day_{assay.days[spot.day]}"
        ending = "fcs" if assay.endpoint == "fcsAnalyzed" else "txt"
        folder = f"/{self.study.accession}/ResultFiles/{detail.replace(' ', '_')}"
        return {
            **row,
            "filePathId": f"{file}_{row['expsampleAccession']}_{row['biosampleAccession']}",
            "fileInfoId": file,
            "fileDetail": detail,
            "filesizeBytes": self.file_size(file),
            "fileName": f"{name}.{file}.{ending}",
            "originalFileName": f"{name}.{ending}",
            "sourceType": "EXPSAMPLE",
            "sourceAccession": row["expsampleAccession"],
            "filePath": f"{folder}/{name}.{file}.{ending}",
        }

    def _there(self, assay: Assay, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, Spot, Life]]:
        """The result rows of this release, of all numbers or of some."""
        for number in range(self.study.total) if numbers is None else numbers:
            spot = self.study.spot(assay, number)
            life = self.study.life(number, spot.subject)
            if life.born <= self.release < life.gone:
                yield number, spot, life

    def features(self, assay: Assay) -> Iterator[tuple[str, ...]]:
        """What each result row of an assay measures."""
        return (assay.features[spot.feature] for _, spot, _ in self._there(assay))

    def totals(self, assay: Assay) -> dict[int, int]:
        """Result rows per experiment sample; controls and standards have none."""
        features = len(assay.features)
        there = (number for number, _, _ in self._there(assay) if assay.control(number) is None)
        return Counter(number // features for number in there)

    def controls(self, kind: str) -> Iterator[Row]:
        """The result rows of the controls (`CONTROL SAMPLE`) or the standards."""
        for assay in self.study.assays:
            yield from self._measured(assay, self._there(assay, self._controls(assay, kind)), ())

    def count_controls(self, kind: str) -> int:
        """How many those are."""
        return sum(1 for assay in self.study.assays for _ in self._there(assay, self._controls(assay, kind)))

    def _controls(self, assay: Assay, kind: str) -> Iterator[int]:
        """Numbers of the rows of one kind."""
        return (number for number in range(self.study.total) if assay.control(number) == kind)

    def results(self, assay: Assay, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """The result rows of an assay that pass the tests."""
        return self._measured(assay, self._there(assay), tests)

    def _measured(
        self, assay: Assay, there: Iterator[tuple[int, Spot, Life]], tests: Sequence[Test]
    ) -> Iterator[Row]:
        """Rows with their values, which are made for those only that pass.

        Every field that a test reads is known from the sample, or absent in a control.
        """
        study, previous = self.study, -1
        shared: dict[bool, Shared] = {}
        for number, spot, life in there:
            sample = number // len(assay.features)
            if sample != previous:
                previous, shared = sample, {}
            control = assay.control(number)
            known = shared.get(control is not None)
            if known is None:
                row = {**self._sample(assay, sample, spot), "treatmentAccession": self.treatment(sample)}
                row.update(CONTROL_NULLS if control else {})
                known = shared[control is not None] = Shared(row, all(test(row) for test in tests))
            if not known.wanted:
                continue
            cell = Cell(
                number=number,
                feature=assay.features[spot.feature],
                day=assay.days[spot.day],
                arm=spot.subject % len(study.arms),
                person=draw(study.seed, study.index, assay.endpoint, spot.subject, spot.feature),
                chance=draw(study.seed, study.index, assay.endpoint, number),
                corrected=self.release >= life.corrected,
                filled=self.release >= life.filled,
                control=control,
            )
            row = {
                **known.row,
                "resultId": study.index * 1_000_000 + number + 1,
                "workspaceId": self.documents.workspace,
                "comments": 'checked by hand, "as is"' if number % 10 == 4 else None,
            }
            row.update(assay.values(cell, row))
            if self.again and number % 10 == 6:
                _curate_again(row)
            yield row


def _curate_again(row: Row) -> None:
    """What ImmPort alters when it issues a package again: preferred values, and a comment beside them."""
    row["comments"] = "curated again"
    for name, value in row.items():
        if name.endswith("Preferred") and isinstance(value, Decimal):
            row[name] = value - _AGAIN
