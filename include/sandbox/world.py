"""What a world is: studies with rows at every endpoint, at each of its data releases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Protocol

from include.sandbox.row import Row
from include.sandbox.stored_files import StoredFile
from include.sources.endpoint import Endpoint
from include.sources.release import Release

#: What a row must pass to be in an answer.
Test = Callable[[Row], bool]

_PER_YEAR = {
    "Years": Decimal(1),
    "Months": Decimal(12),
    "Weeks": Decimal("52.18"),
    "Days": Decimal("365.25"),
    "Hours": Decimal(8766),
}


class World(Protocol):
    """Studies and their rows; the same question always has the same answer."""

    @property
    def name(self) -> str:
        """A stable identifier, fit for a database name."""

    @property
    def releases(self) -> Mapping[Release, date]:
        """Releases with their dates, oldest first."""

    def studies(self, release: Release) -> Sequence[str]:
        """Accessions shared at a release, in ImmPort's order."""

    def rows(self, endpoint: str, study: str, release: Release, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """Rows of a shared study, lazily; keys an endpoint does not declare are ignored by the caller.

        An endpoint this world knows nothing of has no rows.

        :param tests: what rows must pass; a world looks before it makes what is costly.
        """

    def document(self, study: str, release: Release) -> Row:
        """The study as the search index holds it (`_source`)."""

    def vocabulary(self, endpoint: Endpoint, release: Release) -> Iterator[Row]:
        """The terms of a vocabulary, some after a stub."""

    def restricted(self, release: Release) -> Sequence[str]:
        """Studies that are not open to everybody."""

    def files(self, study: str, release: Release) -> Sequence[StoredFile]:
        """The files of a shared study, those that its manifest lists."""

    def reissue(self, study: str, release: Release | None) -> None:
        """Issue a study's package again at a release that does not change the study; None takes it back.

        :raises ValueError: this world or this study cannot, with the reason.
        """


def kept(rows: Iterable[Row], tests: Sequence[Test]) -> Iterator[Row]:
    """Rows that pass all tests."""
    return (row for row in rows if all(test(row) for test in tests)) if tests else iter(rows)


def number(text: str | None) -> Decimal | None:
    """Text as a number, digits as they are; None for anything JSON could not print as one."""
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def scaled(value: str | float | Decimal) -> Decimal:
    """A number as ImmPort prints ages, study times and visit days: two decimals (`7.00`) where they suffice.

    One with more (8.6954140999) is sent as it is.
    """
    exact = Decimal(value)
    digits, exponent = exact.as_tuple().digits, exact.as_tuple().exponent
    fits = isinstance(exponent, int) and exponent >= -2 and len(digits) + exponent <= 20
    return exact.quantize(Decimal("0.01")) if fits else exact


def padded(years: Decimal | None) -> str | None:
    """An age limit of a study as ImmPort prints it: text with leading blanks, `"  27.00"`."""
    return None if years is None else f"{scaled(years):>7}"


def in_years(age: Decimal | None, unit: str | None) -> str | None:
    """`max_subject_age_in_years`: text without padding, `"70.0"`; of an age in years all its digits."""
    if age is None or unit not in _PER_YEAR:
        return None
    return str(float(age) if unit == "Years" else round(float(age / _PER_YEAR[unit]), 2))


def study_document(
    study: Row,
    arms: Sequence[Row],
    visits: int,
    counts: Mapping[str, int],
    **lists: Sequence[str | None],
) -> Row:
    """Build a search document from the study's own row.

    :param counts: rows per measurement technique.
    :param lists: values of further array fields; doubles and nulls are left out.
    """
    document: Row = {
        "study_accession": study["studyAccession"],
        "brief_title": study["briefTitle"],
        "brief_description": study["briefDescription"],
        "clinical_trial": study["clinicalTrial"],
        "actual_enrollment": study["actualEnrollment"],
        "doi": study["doi"],
        "gender_included": study["genderIncluded"],
        "minimum_age": study["minimumAge"],
        "maximum_age": study["maximumAge"],
        "age_unit": study["ageUnit"],
        "has_lab_test": "N",
        "has_assessment": "N",
    }
    for which in ("initial", "latest"):
        version = study[f"{which}DataReleaseVersion"]
        document[f"{which}_data_release_version"] = version
        document[f"{which}_data_release_version_number"] = version and float(version.removeprefix("DR"))
        document[f"{which}_data_release_date"] = study[f"{which}DataReleaseDate"]
    document["arm_accession"] = [arm["armAccession"] for arm in arms]
    document["arm_name"] = [arm["name"] for arm in arms]
    document["assay_method"] = list(counts)
    document["assay_method_count"] = [f"{method} ({count})" for method, count in counts.items()]
    document["planned_visit_total_count"] = [visits]
    for name, values in lists.items():
        document[name] = sorted({value for value in values if value})
    return document


#: What a subject's document has of its study's.
_OF_STUDY = (
    "study_accession",
    "assay_method",
    "biosample_type",
    "clinical_trial",
    "condition_or_disease",
    "has_assessment",
    "has_lab_test",
    "program_name",
    "research_focus",
)


def subject_documents(study: Row, people: Iterable[Row]) -> Iterator[Row]:
    """Build the documents of a study's subjects, one each, from the study's own and the demographics."""
    found: dict[str, Row] = {}
    for row in people:
        subject = row["subjectAccession"]
        document = found.setdefault(
            subject,
            {
                **{name: study.get(name) for name in _OF_STUDY},
                "subject_accession": subject,
                "arm_accession": [],
                "arm_name": [],
                "ethnicity": row["ethnicity"],
                "sex": row["gender"],
                "min_age": row["min_subject_age_in_years"],
                "race": row["race"],
                "species": row["species"],
            },
        )
        document["arm_accession"].append(row["armAccession"])
        document["arm_name"].append(row["armName"])
    return iter(found.values())
