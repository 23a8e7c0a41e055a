"""The synthetic world: studies made from a seed, each on demand and always the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from include.sandbox.assays import Assay, Cell
from include.sandbox.clinic import Clinic
from include.sandbox.cohort import VISITS, Cohort
from include.sandbox.deposit import Deposit
from include.sandbox.files import LISTINGS, StoredFile, file_rows
from include.sandbox.paperwork import Paperwork
from include.sandbox.plan import RELEASES, Life, Spot, draw, plan
from include.sandbox.vocabulary import terms
from include.sandbox.world import Row, study_document
from include.sources.model import Endpoint, snake_case
from include.sources.release import Release

#: Tables whose rows a release counts, beside those of the results, and the endpoint that shows them.
_COUNTED = {
    "adverse_event": "adverseEvent",
    "arm_2_subject": "demographic",
    "arm_or_cohort": "arm",
    "assessment_component": "assessment",
    "biosample": "biosample",
    "experiment": "experiment",
    "expsample": "expsample",
    "immune_exposure": "immuneExposure",
    "inclusion_exclusion": "inclusionExclusion",
    "intervention": "intervention",
    "lab_test": "labtest",
    "planned_visit": "plannedVisit",
    "protocol": "protocol",
    "study_file": "file",
    "study_link": "link",
    "study_personnel": "personnel",
    "study_pubmed": "pubmed",
}
_HAS = {"has_lab_test": "labtest", "has_assessment": "assessment"}
_PLACES = {release: place for place, release in enumerate(RELEASES)}


class SyntheticWorld:
    """Studies made on demand from three numbers.

    :param rows: result rows per assay of a study, as of the newest release.
    """

    def __init__(self, studies: int, rows: int, seed: int) -> None:
        self._name = f"synthetic_n{studies}_r{rows}_s{seed}"
        planned = (plan(index, studies, rows, seed) for index in range(studies))
        self._studies = {study.accession: study for study in planned}
        self._measured = lru_cache(maxsize=64)(self._measurements)
        self._known = lru_cache(maxsize=4096)(self._document)
        self._stored = lru_cache(maxsize=64)(self._files)

    @property
    def name(self) -> str:
        """The three numbers."""
        return self._name

    @property
    def releases(self) -> Mapping[Release, date]:
        """The releases of every synthetic world."""
        return RELEASES

    def studies(self, release: Release) -> Sequence[str]:
        """Accessions shared at a release."""
        place = _PLACES[release]
        return [study.accession for study in self._studies.values() if study.born <= place < study.gone]

    def rows(self, endpoint: str, study: str, release: Release) -> Iterator[Row]:
        """Rows of one study at one endpoint."""
        if endpoint in LISTINGS:
            return file_rows(self.files(study, release), endpoint)
        return self._measured(study, release).rows(endpoint)

    def document(self, study: str, release: Release) -> Row:
        """The study as the search index holds it."""
        return self._known(study, release)

    def vocabulary(self, endpoint: Endpoint, release: Release) -> Iterator[Row]:
        """The terms of a vocabulary."""
        return terms(endpoint, _PLACES[release])

    def restricted(self, release: Release) -> Sequence[str]:
        """Studies that were shared once and are no longer."""
        place = _PLACES[release]
        return [study.accession for study in self._studies.values() if study.gone <= place]

    def files(self, study: str, release: Release) -> Sequence[StoredFile]:
        """The files of a shared study."""
        return self._stored(study, release)

    def _files(self, study: str, release: Release) -> Sequence[StoredFile]:
        measured = self._measured(study, release)
        deposit = Deposit(measured.study, measured.release, measured.paperwork.workspace)
        results = {assay.endpoint: assay.technique for assay in measured.study.assays}
        counted = measured.counts()
        counts = {table: measured.count(name) for table, name in _COUNTED.items()}
        counts |= {
            f"{snake_case(name.removesuffix('Result'))}_result": counted[technique]
            for name, technique in results.items()
        }
        return [
            *deposit.packages(counts),
            *deposit.papers(measured.rows("file"), measured.rows("protocol")),
            *deposit.results(measured.files()),
        ]

    def _measurements(self, study: str, release: Release) -> Measurements:
        return Measurements(Cohort(self._studies[study], _PLACES[release]))

    def _document(self, study: str, release: Release) -> Row:
        measured = self._measured(study, release)
        row = measured.cohort.study_row()
        # Two dozen subjects show every sex, race and species there is.
        people = [measured.cohort.subject(number) for number in measured.study.present(measured.release)[:24]]
        return study_document(
            row,
            list(measured.cohort.arms()),
            len(VISITS),
            measured.counts(),
            biosample_type=[assay.sample[0] for assay in measured.study.assays],
            species=[person["species"] for person in people],
            sex=[person["gender"] for person in people],
            race=[person["race"] for person in people],
            ethnicity=[person["ethnicity"] for person in people],
            condition_or_disease=[row["conditionStudied"]],
            research_focus=[row["researchFocus"]],
            program_name=[row["program"]],
            study_pi=[row["pi"]],
            pubmed_id=[paper["pubmedId"] for paper in measured.paperwork.pubmeds()],
        ) | {name: "YN"[next(measured.rows(of), None) is None] for name, of in _HAS.items()}


class Measurements:
    """All rows of a cohort: what was sampled, measured and filed."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort, self.study, self.release = cohort, cohort.study, cohort.release
        self.paperwork = Paperwork(cohort)

    def rows(self, endpoint: str) -> Iterator[Row]:
        """Rows at an endpoint; one this world knows nothing of has none."""
        cohort = self.cohort
        makers: dict[str, Callable[[], Iterator[Row]]] = {
            "study": lambda: iter([cohort.study_row()]),
            "summary": lambda: iter([{**cohort.study_row(), **self.paperwork.lists()}]),
            "arm": cohort.arms,
            "demographic": cohort.demographics,
            "plannedVisit": cohort.visits,
            "biosample": cohort.biosamples,
            "experiment": cohort.experiments,
            "expsample": self._expsamples,
            "filePath": self._files,
            **Clinic(cohort).makers(),
            **self.paperwork.makers(),
        }
        if endpoint in makers:
            return makers[endpoint]()
        assay = next((assay for assay in self.study.assays if assay.endpoint == endpoint), None)
        return iter(()) if assay is None else self._results(assay)

    def counts(self) -> dict[str, int]:
        """Result rows per measurement technique; not counted one by one where the plan says how many."""
        if not self.study.events or self.study.changed(self.release):
            return {assay.technique: self.study.rows for assay in self.study.assays}
        return {assay.technique: sum(1 for _ in self._there(assay)) for assay in self.study.assays}

    def _slot(self, assay: Assay) -> int:
        """A number of this study and assay alone."""
        return self.study.index * 8 + self.study.assays.index(assay)

    def _sample(self, assay: Assay, sample: int, spot: Spot) -> Row:
        """What all results of an experiment sample repeat."""
        return {
            **self.cohort.subject(spot.subject),
            **self.cohort.biosample(spot.subject, assay.sample, assay.days[spot.day]),
            **self.cohort.experiment(assay),
            "expsampleAccession": f"ES{1_000_001 + self._slot(assay) * 1_000_000 + sample}",
        }

    def _spots(self, assay: Assay) -> Iterator[tuple[int, Spot]]:
        """The experiment samples of this release, by number."""
        features, present = len(assay.features), self.study.present(self.release)
        for sample, number in enumerate(range(0, self.study.total, features)):
            spot = self.study.spot(assay, number)
            if spot.subject in present:
                yield sample, spot

    def count(self, endpoint: str) -> int:
        """Rows at an endpoint; samples, of which there are many, without making them."""
        if endpoint == "expsample":
            return sum(1 for assay in self.study.assays for _ in self._spots(assay))
        return sum(1 for _ in self.rows(endpoint))

    def _expsamples(self) -> Iterator[Row]:
        for assay in self.study.assays:
            for sample, spot in self._spots(assay):
                row = self._sample(assay, sample, spot)
                yield {**row, "expsampleName": row["expsampleAccession"], "resultSchema": assay.schema}

    def _files(self) -> Iterator[Row]:
        """One file per assay and day, repeated for each of its experiment samples."""
        for assay in self.study.assays:
            for sample, spot in self._spots(assay):
                yield self._file(assay, sample, spot)

    def files(self) -> Iterator[Row]:
        """The same, each file once."""
        for assay in self.study.assays:
            firsts: dict[int, tuple[int, Spot]] = {}
            for sample, spot in self._spots(assay):
                firsts.setdefault(spot.day, (sample, spot))
                if len(firsts) == len(assay.days):
                    break
            for sample, spot in firsts.values():
                yield self._file(assay, sample, spot)

    def _file(self, assay: Assay, sample: int, spot: Spot) -> Row:
        row = self._sample(assay, sample, spot)
        file = 300_001 + self._slot(assay) * len(VISITS) + spot.day
        detail = f"{assay.technique} result"
        name = f"{assay.endpoint}_day_{assay.days[spot.day]}"
        folder = f"/{self.study.accession}/ResultFiles/{detail.replace(' ', '_')}"
        return {
            **row,
            "filePathId": f"{file}_{row['expsampleAccession']}_{row['biosampleAccession']}",
            "fileInfoId": file,
            "fileDetail": detail,
            "filesizeBytes": 1000 + file % 977,
            "fileName": f"{name}.{file}.txt",
            "originalFileName": f"{name}.txt",
            "sourceType": "EXPSAMPLE",
            "sourceAccession": row["expsampleAccession"],
            "filePath": f"{folder}/{name}.{file}.txt",
        }

    def _there(self, assay: Assay) -> Iterator[tuple[int, Spot, Life]]:
        """The result rows of this release."""
        for number in range(self.study.total):
            spot = self.study.spot(assay, number)
            life = self.study.life(number, spot.subject)
            if life.born <= self.release < life.gone:
                yield number, spot, life

    def _results(self, assay: Assay) -> Iterator[Row]:
        study, held = self.study, -1
        shared: Row = {}
        for number, spot, life in self._there(assay):
            sample = number // len(assay.features)
            if sample != held:
                held, shared = sample, self._sample(assay, sample, spot)
            cell = Cell(
                number=number,
                feature=assay.features[spot.feature],
                day=assay.days[spot.day],
                arm=spot.subject % len(study.arms),
                person=draw(study.seed, study.index, assay.endpoint, spot.subject, spot.feature),
                chance=draw(study.seed, study.index, assay.endpoint, number),
                corrected=self.release >= life.corrected,
                filled=self.release >= life.filled,
            )
            row = {
                **shared,
                "resultId": study.index * 1_000_000 + number + 1,
                "workspaceId": 7000 + study.index,
                "treatmentAccession": f"TRT{1001 + study.index}" if sample % 3 == 0 else None,
                "comments": 'checked by hand, "as is"' if number % 10 == 4 else None,
            }
            row.update(assay.values(cell, row))
            yield row
