"""The synthetic world: studies made from a seed, each on demand and always the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from include.sandbox.row import Row
from include.sandbox.stored_files import LISTINGS, StoredFile, file_rows
from include.sandbox.synthetic.measurements import Measurements
from include.sandbox.synthetic.package_tables import package_tables
from include.sandbox.synthetic.package_writer import Bindery
from include.sandbox.synthetic.study_files import StudyFiles
from include.sandbox.synthetic.study_plan import RELEASES, plan
from include.sandbox.synthetic.subjects import VISITS, Subjects
from include.sandbox.vocabulary import terms
from include.sandbox.world import Test, study_document
from include.sources.endpoint import Endpoint
from include.sources.release import Release

_HAS = {"has_lab_test": "labtest", "has_assessment": "assessment"}
_PLACES = {release: place for place, release in enumerate(RELEASES)}


class SyntheticWorld:
    """Studies made on demand from three numbers.

    :param rows: result rows per assay of a study, as of the newest release.
    :param packages: list Tab packages and archives; without, the files of a very large study come at once.
    """

    def __init__(self, studies: int, rows: int, seed: int, packages: bool = True) -> None:
        self._name = f"synthetic_n{studies}_r{rows}_s{seed}"
        planned = (plan(index, studies, rows, seed) for index in range(studies))
        self._studies = {study.accession: study for study in planned}
        self._bindery, self._with_packages = Bindery(), packages
        self._again: dict[str, int] = {}
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

    def rows(self, endpoint: str, study: str, release: Release, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """Rows of one study at one endpoint."""
        if endpoint in LISTINGS:
            return file_rows(self.files(study, release), endpoint)
        return self._measured(study, _PLACES[release]).rows(endpoint, tests)

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

    def reissue(self, study: str, release: Release | None) -> None:
        """Issue a study's package again at a release that does not change the study; None takes it back.

        :raises ValueError: there is no such study or release, or the study changes there anyway.
        """
        planned = self._studies.get(study)
        if planned is None:
            raise ValueError(f"no study {study} here")
        if release is not None:
            place = _PLACES.get(release, planned.born)
            if not planned.born < place < planned.gone or place in planned.events:
                raise ValueError(f"{study} cannot be issued again at {release}: it is not there, or changes")
            self._again[study] = place
        else:
            self._again.pop(study, None)
        for cache in (self._measured, self._known, self._stored):
            cache.cache_clear()

    def _files(self, study: str, release: Release) -> Sequence[StoredFile]:
        measured = self._measured(study, _PLACES[release])
        study_files = StudyFiles(measured.study, measured.release, measured.documents.workspace)
        planned = measured.study
        issued = {planned.born, *planned.events, self._again.get(study, planned.born)}
        places = sorted(place for place in issued if place <= measured.release)
        made = {place: self._measured(study, place) for place in places}

        def counts() -> Mapping[str, int]:
            return {table: content.count() for table, content in package_tables(made[places[-1]]).items()}

        def tab(place: int) -> Path:
            return self._bindery.package(made[place])

        def archive(place: int) -> Path:
            return self._bindery.archive(made[place])

        bound = (tab, archive) if self._with_packages else (None, None)
        return [
            *study_files.packages(places, counts, *bound),
            *study_files.documents(measured.rows("file"), measured.rows("protocol")),
            *study_files.results(measured.files()),
        ]

    def _measurements(self, study: str, place: int) -> Measurements:
        again = self._again.get(study)
        return Measurements(Subjects(self._studies[study], place), again is not None and again <= place)

    def _document(self, study: str, release: Release) -> Row:
        measured = self._measured(study, _PLACES[release])
        row = measured.subjects.study_row()
        # Two dozen subjects show every sex, race and species there is.
        people = [
            measured.subjects.subject(number) for number in measured.study.present(measured.release)[:24]
        ]
        return study_document(
            row,
            list(measured.subjects.arms()),
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
            pubmed_id=[paper["pubmedId"] for paper in measured.documents.pubmeds()],
        ) | {name: "YN"[next(measured.rows(of), None) is None] for name, of in _HAS.items()}
