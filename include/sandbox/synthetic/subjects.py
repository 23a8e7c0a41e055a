"""The people and things of one synthetic study at one release: arms, visits, subjects, samples."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from include.sandbox.row import Row
from include.sandbox.synthetic.assays import Assay
from include.sandbox.synthetic.study_plan import RELEASES, Study, draw
from include.sandbox.world import in_years, padded, scaled

VISITS = (-7, 0, 7, 28)
_RACES = ("White", "Black or African American", "Asian", "Not Specified", "Other")
_ETHNICITIES = ("Not Hispanic or Latino", "Hispanic or Latino")
_DESCRIPTION = "Made to resemble a shared study: arms, visits, pools, replicates and controls."


class Subjects:
    """Rows of a study other than results, each under all the names ImmPort has for its values.

    :param release: index of the release.
    """

    def __init__(self, study: Study, release: int) -> None:
        self.study, self.release = study, release
        self.kinds = sorted({assay.sample for assay in study.assays}, key=str)
        self.subject = lru_cache(maxsize=8192)(self._subject)  # all of the largest study
        self.experiment = lru_cache(maxsize=None)(self._experiment)

    def study_row(self) -> Row:
        """The study, for `study` and `summary` alike."""
        study = self.study
        versions = list(RELEASES)
        initial, latest = versions[study.born], versions[study.latest(self.release)]
        title = study.title
        ages = (Decimal(6), Decimal(12)) if study.mouse else (Decimal(18), Decimal(75))
        return {
            "studyAccession": study.accession,
            "studyTitle": title,
            "title": title,
            "briefTitle": title,
            "officialTitle": title,
            "briefDescription": f"Made from seed {study.seed}; it describes nobody.",
            "description": _DESCRIPTION,
            "detailedDescription": _DESCRIPTION,
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
            "pi": "Müller, Anna",
            "conditionStudied": "healthy" if study.mouse else "influenza",
            "researchFocus": "Vaccine Response",
            "program": "Sandbox",
            "contractGrant": f"Sandbox grant {study.index + 1}",
            "dataCompleteness": "2",
            "sponsoringOrganization": "Sandbox",
            "interventionAgent": study.arms[-1][0],
            "sharedStudy": "Y",
            "initialDataReleaseVersion": str(initial),
            "initialDataReleaseDate": RELEASES[initial].isoformat(),
            "latestDataReleaseVersion": str(latest),
            "latestDataReleaseDate": RELEASES[latest].isoformat(),
        }

    def arm(self, number: int) -> Row:
        """One arm; the last arm's description is reworded at the newest event."""
        study = self.study
        name, description, kind = study.arms[number]
        revised = number == len(study.arms) - 1 and study.changed(self.release)
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

    def arms(self) -> Iterator[Row]:
        """All arms."""
        return (self.arm(number) for number in range(len(self.study.arms)))

    def _visit(self, day: int) -> str:
        return f"PV{10_001 + self.study.index * 10 + VISITS.index(day)}"

    def visits(self) -> Iterator[Row]:
        """The planned visits."""
        for number, day in enumerate(VISITS):
            yield {
                "plannedVisitAccession": self._visit(day),
                "studyAccession": self.study.accession,
                "minStartDay": scaled(day),
                "maxStartDay": scaled(day + (0 if day <= 0 else 3)),
                "name": f"Day {day}",
                "orderNumber": number + 1,
                "startRule": None,
                "endRule": None,
            }

    def _subject(self, number: int) -> Row:
        """Everything that is repeated on each row of a subject, under all of ImmPort's names.

        The first subject of a human study also took part in the human study before it, as its second
        subject: the same person, older and in another arm.
        """
        study = self.study
        owner, owned = study.index, number
        if number == 0 and not study.mouse and study.index:
            owner, owned = study.index - (2 if study.index % 4 == 2 else 1), 1
        person = draw(study.seed, "person", owner, owned)
        pool = study.mouse and number % 3 == 2
        return {
            **self.arm(number % len(study.arms)),
            "briefTitle": study.title,
            "studyTitle": study.title,
            "clinical": "N" if study.mouse else "Y",
            "subjectAccession": f"SUB{100_001 + owner * 10_000 + owned}",
            **self._ages(number, person, pool, is_older=owner != study.index),
            **self._ancestry(number, person),
            "subjectPhenotype": self._phenotype(pool),
            "subjectLocation": None if study.mouse else "United States",
            "subjectDescription": None,
            "gender": "Unknown" if pool else ("Female", "Male")[person % 2],
            "species": "Mus musculus" if study.mouse else "Homo sapiens",
            "strain": "BALB/c" if study.mouse else None,
            "strain_characteristics": None,
        }

    def _ages(self, number: int, person: int, pool: bool, *, is_older: bool) -> Row:
        """Ages of people in years; of mice in weeks or months, a pool from one to another."""
        mouse = self.study.mouse
        unit = "Years" if not mouse else "Months" if number % 2 else "Weeks"
        if mouse:
            age = Decimal(2 if unit == "Months" else 6 + person % 7)
        else:
            age = Decimal(180 + person % 550) / 10 + (3 if is_older else 0)
        oldest = age + 1 if pool else age
        return {
            "ageEvent": "Age at Study Day 0" if mouse else "Age at enrollment",
            "ageEventSpecify": None,
            "ageUnit": unit,
            "minSubjectAge": scaled(age),
            "maxSubjectAge": scaled(oldest),
            "min_subject_age_in_years": in_years(age, unit),
            "max_subject_age_in_years": in_years(oldest, unit),
        }

    def _ancestry(self, number: int, person: int) -> Row:
        """Race and ethnicity of people; one race is unknown until the study is corrected."""
        mouse = self.study.mouse
        ancestry = None if mouse or person % 5 else "European"
        is_unknown = number == 2 and not self.study.changed(self.release)
        race = "Unknown" if is_unknown else _RACES[person // 7 % 5]
        return {
            "ancestralPopulation": ancestry,
            "ancestral_population": ancestry,
            "ethnicity": None if mouse else _ETHNICITIES[person // 3 % 4 == 0],
            "race": None if mouse else race,
            "raceSpecify": None,
        }

    def _phenotype(self, pool: bool) -> str | None:
        if pool:
            return f"This record represents pooling of 20-25 BALB/c mice 9 days after {self.study.arms[0][1]}"
        return None if self.study.mouse else "Healthy"

    def demographics(self) -> Iterator[Row]:
        """The subjects of this release."""
        return (self.subject(number) for number in self.study.present(self.release))

    def biosample(self, subject: int, sample: tuple[str, str | None], day: int) -> Row:
        """One biosample; assays that want the same material of a subject on a day share it."""
        slot = self.kinds.index(sample) * len(VISITS) + VISITS.index(day)
        return {
            "biosampleAccession": f"BS{1_000_001 + (self.study.index * 5000 + subject) * 32 + slot}",
            "plannedVisitAccession": self._visit(day),
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

    def biosamples(self) -> Iterator[Row]:
        """The biosamples that the study's assays want."""
        taken = sorted({(assay.sample, day) for assay in self.study.assays for day in assay.days}, key=str)
        for subject in self.study.present(self.release):
            for sample, day in taken:
                yield {**self.subject(subject), **self.biosample(subject, sample, day)}

    def _experiment(self, assay: Assay) -> Row:
        """The experiment of an assay."""
        study = self.study
        return {
            "experimentAccession": f"EXP{10_001 + study.index * 10 + study.assays.index(assay)}",
            "studyAccession": study.accession,
            "measurementTechnique": assay.technique,
            "description": f"{assay.technique} of {assay.sample[0]}",
            "name": f"{assay.technique} experiment",
            "experimentName": f"{assay.technique} experiment",
        }

    def experiments(self) -> Iterator[Row]:
        """One experiment per assay."""
        return (self.experiment(assay) for assay in self.study.assays)
