"""What was done to the people of a synthetic study, and what was seen of them, outside the assays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from include.sandbox.row import Row
from include.sandbox.synthetic.study_plan import draw
from include.sandbox.synthetic.subjects import Subjects

_EVENTS = (
    ("Sore arm", "Injection site pain", "Grade 1 Mild Adverse Event"),
    ('headache, "splitting"', "Headache", "Grade 2 Moderate Adverse Event"),
    ("Fever 38.5", "Pyrexia", "Grade 1 Mild Adverse Event"),
)
#: Reported name, preferred name, unit, lowest value and range in hundredths.
_VITALS = (("Temp", "Body Temperature", "Celsius", 3600, 150), ("Wt", "Weight", "kg", 5000, 4000))
_LAB_TESTS = (("HGB", "Hemoglobin", "g/dL", 1100, 500), ("WBC", "Leukocytes", "10^9/L", 400, 600))


class Clinical:
    """Rows of subjects, each with all that is repeated of its subject and arm.

    At the newest event the last subject joins, events come to an end, and lab results that were
    only reported get their preferred value.
    """

    def __init__(self, subjects: Subjects) -> None:
        self.subjects, self.study = subjects, subjects.study
        self.changed = subjects.study.changed(subjects.release)

    def makers(self) -> dict[str, Callable[[], Iterator[Row]]]:
        """What makes the rows of each endpoint."""
        return {
            "adverseEvent": self.adverse_events,
            "assessment": self.assessments,
            "immuneExposure": self.exposures,
            "intervention": self.interventions,
            "labtest": self.lab_tests,
        }

    def _subjects(self) -> Iterator[tuple[int, int, Row]]:
        """Number, a number for accessions of the study alone, and row of each subject."""
        for number in self.study.present(self.subjects.release):
            yield number, 100_001 + (self.study.index * 5000 + number) * 4, self.subjects.subject(number)

    def _chance(self, *what: object) -> int:
        return draw(self.study.seed, self.study.index, *what)

    def _treated(self, number: int) -> bool:
        """Whether the subject is in another arm than the first, which gets nothing active."""
        return number % len(self.study.arms) > 0

    def adverse_events(self) -> Iterator[Row]:
        """Adverse events, which a third of the human subjects report; a study of mice has none."""
        for number, accession, subject in self._subjects():
            chance = self._chance("adverse", number)
            if self.study.mouse or chance % 3:
                continue
            reported, preferred, severity = _EVENTS[chance // 3 % len(_EVENTS)]
            start = Decimal(chance // 10 % 7)
            yield {
                "adverseEventAccession": f"AE{accession}",
                "studyAccession": self.study.accession,
                "subjectAccession": subject["subjectAccession"],
                "causality": "Possibly related",
                "description": None,
                "startStudyDay": start,
                "startTime": None,
                "endStudyDay": start + 2 if self.changed else None,
                "endTime": None,
                "nameReported": reported,
                "namePreferred": preferred,
                "organOrBodySystemReported": None,
                "organOrBodySystemPreferred": None,
                "outcomeReported": "Resolved" if self.changed else "Ongoing",
                "outcomePreferred": None,
                "relationToStudyTreatment": "Related" if self._treated(number) else "Not related",
                "severityReported": severity.split()[2],
                "severityPreferred": severity,
                "studyTreatmentActionTaken": "None",
            }

    def assessments(self) -> Iterator[Row]:
        """Vital signs of people on day 0, one panel for all."""
        visit = next(row for row in self.subjects.visits() if row["name"] == "Day 0")
        for number, accession, subject in () if self.study.mouse else self._subjects():
            for place, (reported, preferred, unit, least, width) in enumerate(_VITALS):
                value = str(Decimal(least + self._chance("vital", number, place) % width) / 100)
                yield {
                    **subject,
                    "assessmentPanelAccession": f"AP{10_001 + self.study.index}",
                    "assessmentType": "Vital Signs",
                    "assessmentPanelNameReported": "Vital signs",
                    "assessmentPanelNamePreferred": None,
                    "resultSchema": "OTHER",
                    "assessmentComponentAccession": f"AC{accession + place}",
                    "assessmentComponentNameReported": reported,
                    "assessmentComponentNamePreferred": preferred,
                    "plannedVisitAccession": visit["plannedVisitAccession"],
                    "resultUnitReported": unit,
                    "resultUnitPreferred": unit,
                    "resultValueReported": value,
                    "resultValuePreferred": value,
                    "studyDay": "0.00",
                    "verbatimQuestion": None,
                    "whoIsAssessed": "Subject",
                }

    def exposures(self) -> Iterator[Row]:
        """What each subject's immune system has met."""
        for number, accession, subject in self._subjects():
            treated = self._treated(number)
            material = ("Ovalbumin", None) if self.study.mouse else ("Influenza vaccine", "VO_0000642")
            yield {
                **subject,
                "exposureAccession": f"IM{accession}",
                "exposureMaterialReported": material[0] if treated else None,
                "exposureMaterialPreferred": material[0] if treated and material[1] else None,
                "exposureMaterialId": material[1] if treated else None,
                "exposureProcessReported": "vaccination" if treated else "no exposure",
                "exposureProcessPreferred": "vaccination" if treated else "no exposure",
                "diseaseReported": None,
                "diseasePreferred": None,
                "diseaseOntologyId": None,
                "diseaseStageReported": None,
                "diseaseStagePreferred": None,
            }

    def interventions(self) -> Iterator[Row]:
        """What the treated were given on day 0."""
        for number, accession, subject in self._subjects():
            if self._treated(number):
                yield {
                    **subject,
                    "interventionAccession": f"SM{accession}",
                    "compoundNameReported": subject["armName"],
                    "compoundRole": "Intervention",
                    "nameReported": subject["armName"],
                    "namePreferred": None,
                    "dose": "0.50",
                    "doseReported": "0.5",
                    "doseUnits": "ml",
                    "formulation": "Injection, suspension",
                    "isOngoing": "N",
                    "routeOfAdminReported": "i.m.",
                    "routeOfAdminPreferred": "Intramuscular",
                    "startDay": "0.00",
                    "endDay": "0.00",
                    "status": None,
                }

    def lab_tests(self) -> Iterator[Row]:
        """A blood count from the first sample of the first assay."""
        assay = self.study.assays[0]
        for number, accession, subject in self._subjects():
            sample = self.subjects.biosample(number, assay.sample, assay.days[0])
            for place, (reported, preferred, unit, least, width) in enumerate(_LAB_TESTS):
                value = Decimal(least + self._chance("lab", number, place) % width) / 100
                curated = self.changed or number % 3 > 0
                yield {
                    **subject,
                    **sample,
                    "labTestPanelAccession": f"LP{10_001 + self.study.index}",
                    "labTestPanelNameReported": "CBC",
                    "labTestPanelNamePreferred": "Complete blood count panel",
                    "labTestAccession": f"LT{accession + place}",
                    "labTestNameReported": reported,
                    "labTestNamePreferred": preferred,
                    "resultUnitReported": unit,
                    "resultUnitPreferred": unit if curated else None,
                    "resultValueReported": str(value),
                    "resultValuePreferred": value if curated else None,
                }
