"""The synthetic world: studies, subjects and samples made from a seed, each on demand and always the same.

A study changes at its *events*: releases at which rows are added, corrected, filled in and withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from include.sandbox.assays import ASSAYS, Assay, Cell
from include.sandbox.world import Row, in_years, padded, scaled, study_document
from include.sources.release import Release

RELEASES = {
    Release(49): date(2023, 8, 25),
    Release(49, 1): date(2023, 9, 28),
    Release(50): date(2023, 12, 15),
    Release(51): date(2024, 3, 28),
}
_NEWEST = len(RELEASES) - 1
_VISITS = (-7, 0, 7, 28)
_NEVER = len(RELEASES)

#: Assays of a study by its place; eight studies, less the withdrawn seventh, have all ten.
_PLANS = (
    "hai neutAbTiter elisa mbaa fcsAnalyzed",
    "elispot pcr fcsAnalyzed elisa",
    "hai hlaTyping kirTyping mbaa",
    "hai massSpectrometryResult pcr elispot",
    "hai neutAbTiter mbaa hlaTyping",
    "fcsAnalyzed elisa massSpectrometryResult",
    "hai pcr kirTyping elispot",
    "hai elisa massSpectrometryResult kirTyping fcsAnalyzed",
)
_ETHNICITIES = ("Not Hispanic or Latino", "Hispanic or Latino")
_RACES = ("White", "Black or African American", "Asian", "Not Specified", "Other")
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
class Study:
    """What a synthetic study is made of.

    :param index: its place in the world.
    :param born: index of the release that first has it.
    :param gone: index of the release that no longer has it.
    :param events: indexes of the releases that change it, oldest first.
    """

    index: int
    born: int
    gone: int
    events: tuple[int, ...]
    assays: tuple[Assay, ...]
    rows: int
    seed: int

    @property
    def accession(self) -> str:
        return f"SDY{1001 + self.index}"

    @property
    def mouse(self) -> bool:
        return self.index % 4 == 1

    @property
    def arms(self) -> tuple[tuple[str, str, str], ...]:
        return _MOUSE_ARMS if self.mouse else _HUMAN_ARMS

    @property
    def subjects(self) -> int:
        """Subjects, the last of whom joins at the newest event."""
        return min(max(self.rows // 5, 4), 5000)

    def latest(self, release: int) -> int:
        """Index of the release that last changed the study, as of a release."""
        return max([event for event in self.events if event <= release], default=self.born)

    def title(self) -> str:
        what = "antigen specificity of T cells in mice" if self.mouse else "response to influenza vaccination"
        return f"Synthetic study {self.index + 1}: {what}"


@dataclass(frozen=True)
class Life:
    """When a result row is there, and which of its versions."""

    born: int
    gone: int
    corrected: int
    filled: int


class SyntheticWorld:
    """Studies made on demand from three numbers.

    :param rows: result rows per assay of a study, as of the newest release.
    """

    def __init__(self, studies: int, rows: int, seed: int) -> None:
        self.name = f"synthetic_n{studies}_r{rows}_s{seed}"
        self.releases = RELEASES
        self._order = {release: place for place, release in enumerate(RELEASES)}
        self._count, self._rows, self._seed = studies, rows, seed
        self._by_name = {study.accession: study for study in map(self._study, range(studies))}
        self.document = lru_cache(maxsize=4096)(self._document)
        self._subject = lru_cache(maxsize=8192)(self._make_subject)

    def _study(self, index: int) -> Study:
        """Of two or more studies the last is new in the newest release; of three or more the one
        before it is withdrawn there; the first has a change in every release it has rows for.
        """
        last = self._count - 1
        born, gone = (0, 0, 0, 1, 0, 2)[index % 6], _NEVER
        if last and index == last:
            born = _NEWEST
        elif last > 1 and index == last - 1:
            born, gone = 0, _NEWEST
        wanted = (1, 2, 3)[-max(1, min(3, self._rows // 10)) :] if index == 0 else (3 - index % 3,)
        events = tuple(event for event in wanted if born < event < gone)
        plan = tuple(ASSAYS[name] for name in _PLANS[index % len(_PLANS)].split())
        return Study(index, born, gone, events, plan, self._rows, self._seed)

    def studies(self, release: Release) -> Sequence[str]:
        """Accessions shared at a release."""
        place = self._order[release]
        return [study.accession for study in self._by_name.values() if study.born <= place < study.gone]

    def rows(self, endpoint: str, study: str, release: Release) -> Iterator[Row]:
        """Rows of one study at one endpoint."""
        made, place = self._by_name[study], self._order[release]
        makers = {
            "study": self._studies,
            "summary": self._summaries,
            "arm": self._arms,
            "demographic": self._demographics,
            "plannedVisit": self._visits,
            "biosample": self._biosamples,
            "experiment": self._experiments,
            "expsample": self._expsamples,
            "filePath": self._files,
        }
        if endpoint in makers:
            return makers[endpoint](made, place)
        assay = next((assay for assay in made.assays if assay.endpoint == endpoint), None)
        return iter(()) if assay is None else self._results(made, assay, place)

    # Study and arms

    def _study_row(self, study: Study, place: int) -> Row:
        versions = list(RELEASES)
        initial, latest = versions[study.born], versions[study.latest(place)]
        title = study.title()
        ages = (Decimal(6), Decimal(12)) if study.mouse else (Decimal(18), Decimal(75))
        return {
            "studyAccession": study.accession,
            "studyTitle": title,
            "title": title,
            "briefTitle": title,
            "officialTitle": title,
            "briefDescription": f"Made from seed {study.seed}; it describes nobody.",
            "description": "Made to resemble a shared study: arms, visits, pools, replicates and controls.",
            "detailedDescription": "Made to resemble a shared study.",
            "actualStartDate": f"{2010 + study.index % 10}-09-01",
            "startDate": f"{2010 + study.index % 10}-09-01",
            "actualCompletionDate": None,
            "actualEnrollment": study.subjects,
            "targetEnrollment": study.subjects,
            "subjectsNumber": study.subjects,
            "ageUnit": "Weeks" if study.mouse else "Years",
            "minimumAge": padded(ages[0]),
            "maximumAge": padded(ages[1]),
            "clinicalTrial": "N" if study.mouse else "Y",
            "clinical": "N" if study.mouse else "Y",
            "dclId": 2,
            "doi": f"10.21430/SANDBOX{study.index + 1}",
            "endpoints": None,
            "genderIncluded": "Female, Male",
            "sexIncluded": "Female, Male",
            "hypothesis": None,
            "pi": "Müller, A.",
            "conditionStudied": "healthy" if study.mouse else "influenza",
            "researchFocus": "Vaccine Response",
            "program": "Sandbox",
            "dataCompleteness": "2",
            "sponsoringOrganization": "Sandbox",
            "interventionAgent": study.arms[-1][0],
            "sharedStudy": "Y",
            "initialDataReleaseVersion": str(initial),
            "initialDataReleaseDate": RELEASES[initial].isoformat(),
            "latestDataReleaseVersion": str(latest),
            "latestDataReleaseDate": RELEASES[latest].isoformat(),
            "studyLinks": [],
            "studyPubmeds": [],
            "studyPersonnel": [],
        }

    def _studies(self, study: Study, place: int) -> Iterator[Row]:
        yield self._study_row(study, place)

    _summaries = _studies

    def _arm(self, study: Study, number: int, place: int) -> Row:
        name, description, kind = study.arms[number]
        # The last arm's description is reworded at the newest event.
        revised = number == len(study.arms) - 1 and study.events and place >= study.events[-1]
        described = description + (" (revised)" if revised else "")
        return {
            "armAccession": f"ARM{10_001 + study.index * 10 + number}",
            "studyAccession": study.accession,
            "armName": name,
            "name": name,
            "armDescription": described,
            "description": described,
            "armTypeReported": kind.removesuffix(" Arm").lower(),
            "typeReported": kind.removesuffix(" Arm").lower(),
            "armTypePreferred": kind,
            "typePreferred": kind,
        }

    def _arms(self, study: Study, place: int) -> Iterator[Row]:
        return (self._arm(study, number, place) for number in range(len(study.arms)))

    def _visit(self, study: Study, day: int) -> str:
        return f"PV{10_001 + study.index * 10 + _VISITS.index(day)}"

    def _visits(self, study: Study, place: int) -> Iterator[Row]:
        for number, day in enumerate(_VISITS):
            yield {
                "plannedVisitAccession": self._visit(study, day),
                "studyAccession": study.accession,
                "minStartDay": scaled(day),
                "maxStartDay": scaled(day + (0 if day <= 0 else 3)),
                "name": f"Day {day}",
                "orderNumber": number + 1,
                "startRule": None,
                "endRule": None,
            }

    # Subjects

    def _make_subject(self, study: Study, number: int, place: int) -> Row:
        """Everything that is repeated on each row of a subject, under all of ImmPort's names.

        The first subject of a human study also took part in the human study before it, as its second
        subject: the same person, older and in another arm.
        """
        owner, owned = study.index, number
        if number == 0 and not study.mouse and study.index:
            owner, owned = study.index - (2 if study.index % 4 == 2 else 1), 1
        person = draw(self._seed, "person", owner, owned)
        corrected = number == 2 and study.events and place >= study.events[-1]
        pool = study.mouse and number % 3 == 2
        unit = "Years" if not study.mouse else "Months" if number % 2 else "Weeks"
        if study.mouse:
            age = Decimal(2 if unit == "Months" else 6 + person % 7)
        else:
            age = Decimal(180 + person % 550) / 10 + (0 if owner == study.index else 3)
        phenotype: str | None = None if study.mouse else "Healthy"
        if pool:
            phenotype = f"This record represents pooling of 20-25 BALB/c mice 9 days after {study.arms[0][1]}"
        older = age + 1 if pool else age
        ancestry = None if study.mouse or person % 5 else "European"
        race = "Unknown" if number == 2 and not corrected else _RACES[person // 7 % 5]
        arm = self._arm(study, number % len(study.arms), place)
        return {
            **arm,
            "briefTitle": study.title(),
            "studyTitle": study.title(),
            "clinical": "N" if study.mouse else "Y",
            "subjectAccession": f"SUB{100_001 + owner * 10_000 + owned}",
            "ageEvent": "Age at Study Day 0" if study.mouse else "Age at enrollment",
            "ageEventSpecify": None,
            "ageUnit": unit,
            "minSubjectAge": scaled(age),
            "maxSubjectAge": scaled(older),
            "min_subject_age_in_years": in_years(age, unit),
            "max_subject_age_in_years": in_years(older, unit),
            "subjectPhenotype": phenotype,
            "subjectLocation": None if study.mouse else "United States",
            "ancestralPopulation": ancestry,
            "ancestral_population": ancestry,
            "subjectDescription": None,
            "ethnicity": None
            if study.mouse
            else ("Not Hispanic or Latino", "Hispanic or Latino")[person // 3 % 4 == 0],
            "gender": "Unknown" if pool else ("Female", "Male")[person % 2],
            "race": None if study.mouse else race,
            "raceSpecify": None,
            "species": "Mus musculus" if study.mouse else "Homo sapiens",
            "strain": "BALB/c" if study.mouse else None,
            "strain_characteristics": None,
        }

    def _present(self, study: Study, place: int) -> range:
        """Numbers of the subjects there at a release: the last joins at the newest event."""
        late = study.events and place < study.events[-1]
        return range(study.subjects - 1 if late else study.subjects)

    def _demographics(self, study: Study, place: int) -> Iterator[Row]:
        return (self._subject(study, number, place) for number in self._present(study, place))

    # Samples

    def _biosample(self, study: Study, subject: int, sample: tuple[str, str | None], day: int) -> Row:
        kinds = sorted({assay.sample for assay in study.assays}, key=str)
        slot = kinds.index(sample) * len(_VISITS) + _VISITS.index(day)
        return {
            "biosampleAccession": f"BS{1_000_001 + (study.index * 5000 + subject) * 32 + slot}",
            "plannedVisitAccession": self._visit(study, day),
            "biosampleName": f"{sample[0]} day {day}",
            "biosampleType": sample[0],
            "type": sample[0],
            "biosampleSubtype": sample[1],
            "subtype": sample[1],
            "studyTimeCollected": scaled(day),
            "studyTimeCollectedUnit": "Days",
            "studyTimeT0Event": "Time of initial vaccine administration",
            "studyTimeT0EventSpecify": None,
        }

    def _biosamples(self, study: Study, place: int) -> Iterator[Row]:
        taken = sorted({(assay.sample, day) for assay in study.assays for day in assay.days}, key=str)
        for subject in self._present(study, place):
            for sample, day in taken:
                yield {**self._subject(study, subject, place), **self._biosample(study, subject, sample, day)}

    def _experiment(self, study: Study, assay: Assay) -> Row:
        return {
            "experimentAccession": f"EXP{10_001 + study.index * 10 + study.assays.index(assay)}",
            "studyAccession": study.accession,
            "measurementTechnique": assay.technique,
            "description": f"{assay.technique} of {assay.sample[0]}",
            "name": f"{assay.technique} experiment",
            "experimentName": f"{assay.technique} experiment",
        }

    def _experiments(self, study: Study, place: int) -> Iterator[Row]:
        return (self._experiment(study, assay) for assay in study.assays)

    def _expsample(self, study: Study, assay: Assay, number: int) -> str:
        # Rows of an assay run over days, then subjects, then features: one lap per replicate.
        lap = len(assay.days) * study.subjects
        slot = number // (lap * len(assay.features)) * lap + number % lap
        return f"ES{1_000_001 + (study.index * 8 + study.assays.index(assay)) * 1_000_000 + slot}"

    def _measured(self, study: Study, assay: Assay, place: int) -> Iterator[tuple[int, Row]]:
        """The experiment samples of an assay: number of their first result row, and what they repeat."""
        lap = len(assay.days) * study.subjects
        present = self._present(study, place)
        for start in range(0, self._total(study), lap * len(assay.features)):
            for number in range(start, min(start + lap, self._total(study))):
                subject = number // len(assay.days) % study.subjects
                if subject in present:
                    yield number, self._sample(study, assay, number, place)

    def _sample(self, study: Study, assay: Assay, number: int, place: int) -> Row:
        """What a result row repeats of its subject, biosample, experiment and experiment sample."""
        subject = number // len(assay.days) % study.subjects
        return {
            **self._subject(study, subject, place),
            **self._biosample(study, subject, assay.sample, assay.days[number % len(assay.days)]),
            **self._experiment(study, assay),
            "expsampleAccession": self._expsample(study, assay, number),
        }

    def _expsamples(self, study: Study, place: int) -> Iterator[Row]:
        for assay in study.assays:
            for _, row in self._measured(study, assay, place):
                yield {**row, "expsampleName": row["expsampleAccession"], "resultSchema": assay.schema}

    def _files(self, study: Study, place: int) -> Iterator[Row]:
        """One file per assay and day, repeated for each of its experiment samples."""
        for assay in study.assays:
            for number, row in self._measured(study, assay, place):
                day = number % len(assay.days)
                file = 300_001 + (study.index * 8 + study.assays.index(assay)) * len(_VISITS) + day
                kind = f"{assay.technique} result"
                name = f"{assay.endpoint}_day_{assay.days[day]}"
                yield {
                    **row,
                    "filePathId": f"{file}_{row['expsampleAccession']}_{row['biosampleAccession']}",
                    "fileInfoId": file,
                    "fileDetail": kind,
                    "filesizeBytes": 1000 + file % 977,
                    "fileName": f"{name}.{file}.txt",
                    "originalFileName": f"{name}.txt",
                    "sourceType": "EXPSAMPLE",
                    "sourceAccession": row["expsampleAccession"],
                    "filePath": f"/{study.accession}/ResultFiles/{kind.replace(' ', '_')}/{name}.{file}.txt",
                }

    # Results

    def _total(self, study: Study) -> int:
        """Rows an assay ever has: those that stay, and a tenth more that the events withdraw."""
        return study.rows + (max(1, study.rows // 10) if study.events else 0)

    def _life(self, study: Study, assay: Assay, number: int) -> Life:
        if not study.events:
            return Life(0, _NEVER, _NEVER, 0)
        # Early tens of rows belong to the newest event, so that it has its share in a small world.
        event = study.events[-1 - number // 10 % len(study.events)]
        subject = number // len(assay.days) % study.subjects
        joined = study.events[-1] if subject == study.subjects - 1 else 0
        if number >= study.rows:
            return Life(joined, study.events[-1 - number % len(study.events)], _NEVER, 0)
        kind = (number + number // 10) % 10
        return Life(
            max(joined, event if kind == 7 else 0),
            _NEVER,
            event if kind == 3 else _NEVER,
            event if kind == 5 else 0,
        )

    def _there(self, study: Study, assay: Assay, place: int) -> Iterator[tuple[int, Life]]:
        for number in range(self._total(study)):
            life = self._life(study, assay, number)
            if life.born <= place < life.gone:
                yield number, life

    def _results(self, study: Study, assay: Assay, place: int) -> Iterator[Row]:
        lap = len(assay.days) * study.subjects
        for number, life in self._there(study, assay, place):
            subject = number // len(assay.days) % study.subjects
            feature = number // lap % len(assay.features)
            cell = Cell(
                number=number,
                feature=assay.features[feature],
                day=assay.days[number % len(assay.days)],
                arm=subject % len(study.arms),
                person=draw(self._seed, study.index, assay.endpoint, subject, feature),
                chance=draw(self._seed, study.index, assay.endpoint, number),
                corrected=place >= life.corrected,
                filled=place >= life.filled,
            )
            row = self._sample(study, assay, number, place)
            row["resultId"] = study.index * 1_000_000 + number + 1
            row["workspaceId"] = 7000 + study.index
            row["treatmentAccession"] = f"TRT{1001 + study.index}" if number % 3 == 0 else None
            row["comments"] = 'checked by hand, "as is"' if number % 10 == 4 else None
            row.update(assay.values(cell, row))
            yield row

    def _document(self, study: str, release: Release) -> Row:
        made, place = self._by_name[study], self._order[release]
        arms = list(self._arms(made, place))
        counts = {assay.technique: sum(1 for _ in self._there(made, assay, place)) for assay in made.assays}
        people = [self._subject(made, number, place) for number in range(min(made.subjects, 20))]
        return study_document(
            self._study_row(made, place),
            arms,
            len(_VISITS),
            counts,
            biosample_type=[assay.sample[0] for assay in made.assays],
            species=[person["species"] for person in people],
            sex=[person["gender"] for person in people],
            race=[person["race"] for person in people],
            ethnicity=[person["ethnicity"] for person in people],
            condition_or_disease=["healthy" if made.mouse else "influenza"],
            research_focus=["Vaccine Response"],
            program_name=["Sandbox"],
            study_pi=["Müller, A."],
            pubmed_id=[],
        )
