"""What a synthetic study says of itself: publications, persons, grants, protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from include.sandbox.row import Row
from include.sandbox.synthetic.study_plan import RELEASES, draw
from include.sandbox.synthetic.subjects import Subjects

_PEOPLE = (
    ("Müller", "Anna", "Principal Investigator"),
    ("O'Neill", "Brian", "Co-Principal Investigator"),
    ("Tanaka", "Chie", "Statistician"),
)
_CONDITIONS = (("influenza", "influenza"), ("influenza DOID:8469", "influenza"))
_FILES = (
    ("StudyGlossary", "Data Dictionary", "Terms used in this study"),
    ("Randomization", "Study Data", "Order of randomisation"),
)
_PROTOCOLS = (("Vaccination", "Study"), ("Sample_Preparation", "Bio Sample Preparation"))


class StudyDocuments:
    """Rows of a study at its own level; some are added or reworded at its newest event."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects, self.study = subjects, subjects.study
        self.changed = subjects.study.changed(subjects.release)

    def makers(self) -> dict[str, Callable[[], Iterator[Row]]]:
        """What makes the rows of each endpoint."""
        return {
            "condition": self.conditions,
            "contract": self.contracts,
            "file": self.files,
            "inclusionExclusion": self.criteria,
            "link": self.links,
            "personnel": self.personnel,
            "protocol": self.protocols,
            "pubmed": self.pubmeds,
        }

    def lists(self) -> dict[str, list[Row]]:
        """The same as the summary has it: persons, publications and links as lists of objects."""
        own = {"studyAccession": self.study.accession}
        return {
            "studyLinks": [_without(row, "studyAccession") for row in self.links()],
            "studyPubmeds": [
                {"id": {**own, "pubmedId": row["pubmedId"]}, **_without(row, "studyAccession", "pubmedId")}
                for row in self.pubmeds()
            ],
            "studyPersonnel": [
                {**_without(row, "studyAccession"), "workspaceId": self.workspace} for row in self.personnel()
            ],
        }

    @property
    def workspace(self) -> int:
        """The workspace the study was prepared in."""
        return 7000 + self.study.index

    def _number(self, number: int) -> int:
        """A number for an accession, no other study's."""
        return 1001 + self.study.index * 10 + number

    def conditions(self) -> Iterator[Row]:
        """Two wordings of one condition, or health."""
        for reported, preferred in (("healthy", None),) if self.study.mouse else _CONDITIONS:
            yield {
                "studyAccession": self.study.accession,
                "conditionReported": reported,
                "conditionPreferred": preferred,
            }

    def contracts(self) -> Iterator[Row]:
        """The grant, extended by a year at the newest event."""
        yield {
            "studyAccession": self.study.accession,
            "contractGrantId": self._number(0),
            "contractGrantCategory": "NIH",
            "contractGrantDescription": "Pays for nothing.",
            "contractGrantStartDate": "2009-07-01",
            "contractGrantEndDate": "2015-06-30" if self.changed else "2014-06-30",
            "externalId": f"U01AI{90_000 + self.study.index:06}",
            "contractGrantLink": None,
            "contractGrantName": f"Sandbox grant {self.study.index + 1}",
            "programId": 1,
            "programCategory": "NIH",
            "programDescription": "All studies of the sandbox.",
            "programStartDate": "2008-01-01",
            "programEndDate": None,
            "programLink": None,
            "programName": "Sandbox",
            "programShortName": "SB",
        }

    def files(self) -> Iterator[Row]:
        """Study files, the second only from the newest event on."""
        for number, (name, kind, about) in enumerate(_FILES[: 1 + self.changed]):
            yield {
                "studyFileAccession": f"SFL{self._number(number)}",
                "studyAccession": self.study.accession,
                "studyFileType": kind,
                "description": about,
                "fileName": f"StudyFile.{name}.{self.study.accession}.txt",
            }

    def criteria(self) -> Iterator[Row]:
        """Who may take part."""
        limits = "6 to 12 weeks" if self.study.mouse else "18 to 75 years"
        rows = (("Inclusion", f"Aged {limits}"), ("Exclusion", 'Fever ("38 °C" or more) on day 0'))
        for number, (category, criterion) in enumerate(rows):
            yield {
                "criterionAccession": f"CRIT{self._number(number)}",
                "criterionCategory": category,
                "criterion": criterion,
            }

    def links(self) -> Iterator[Row]:
        """Pages about the study."""
        rows = (("Sandbox", "Study Website"), ("Raw reads", "Repository"))
        for number, (name, kind) in enumerate(rows[: 1 + self.changed]):
            yield {
                "studyLinkId": self._number(number),
                "studyAccession": self.study.accession,
                "name": name,
                "type": kind,
                "value": f"https://sandbox.invalid/{self.study.accession}/{number + 1}",
            }

    def personnel(self) -> Iterator[Row]:
        """Who made the study."""
        for number, (last, first, role) in enumerate(_PEOPLE):
            yield {
                "personAccession": f"PSN{self._number(number)}",
                "studyAccession": self.study.accession,
                "roleInStudy": role,
                "siteName": "Sandbox",
                "email": f"{first.lower()}@sandbox.invalid",
                "firstName": first,
                "honorific": "Dr." if number == 0 else None,
                "lastName": last,
                "organization": "Sandbox",
                "suffixes": None,
                "titleInStudy": role,
            }

    def protocols(self) -> Iterator[Row]:
        """How it was done."""
        for number, (name, kind) in enumerate(_PROTOCOLS):
            accession = f"PTL{self._number(number)}"
            yield {
                "studyAccession": self.study.accession,
                "protocolAccession": accession,
                "type": kind,
                "description": None,
                "fileName": f"{name}.{accession}.docx",
                "name": name.replace("_", " "),
                "originalFileName": f"{name}.docx",
            }

    def pubmeds(self) -> Iterator[Row]:
        """Publications, the second printed before the newest event."""
        born = list(RELEASES.values())[self.study.born].year
        for number in range(1 + self.changed):
            yield {
                "pubmedId": str(
                    30_000_000 + draw(self.study.seed, "paper", self.study.index, number) % 10**7
                ),
                "studyAccession": self.study.accession,
                "authors": "Müller A, O'Neill B, Tanaka C.",
                "doi": f"10.99999/sandbox.{self._number(number)}",
                "issue": f"{7 + number}(2)",
                "journal": "Journal of Sand",
                "month": "Mar",
                "pages": f"{100 + number}-{110 + number}",
                "title": f"{self.study.title}, part {number + 1}",
                "year": str(born - 1 + number),
            }


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
