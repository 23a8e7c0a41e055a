"""The studies of a world as FHIR resources, in the words of one version of FHIR."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from include.sandbox.fhir.study_rows import HUMAN, StudyRows
from include.sandbox.row import Row
from include.sandbox.world import number
from include.sources.fhir.vocabulary import ETHNICITY, GENDERS, OF_STUDY, RACE, SYSTEM, TYPES, FhirVersion

Resource = dict[str, Any]


class Resources:
    """Makes the resources of a study, type by type.

    :param version: whose names and codes they have.
    """

    def __init__(self, version: FhirVersion) -> None:
        self.version = version
        self.is_r4b = version is FhirVersion.R4B
        self.makers: Mapping[str, Callable[[StudyRows], Iterator[Resource]]] = {
            "ResearchStudy": self.studies,
            "ResearchSubject": self.research_subjects,
            "Patient": self.patients,
            "Group": self.groups,
            "Specimen": self.specimens,
            "Observation": self.observations,
            "DiagnosticReport": self.reports,
            "Practitioner": self.practitioners,
            "PractitionerRole": self.roles,
            "Organization": self.organizations,
        }
        if set(self.makers) != set(TYPES):
            raise TypeError("a type of resources is not made")

    def studies(self, study: StudyRows) -> Iterator[Resource]:
        """The study."""
        row = study.document
        arms = list(study.rows("arm"))
        people = list(study.rows("personnel"))
        leads = (one for one in people if "Principal Investigator" in (one.get("roleInStudy") or ""))
        lead = next(leads, None)
        made = self._made("ResearchStudy", study.accession, "study", study.accession)
        made |= {
            "status": "completed" if self.is_r4b else "active",
            "title": row.get("briefTitle"),
            "description": row.get("briefDescription"),
            "period": _kept({"start": row.get("actualStartDate"), "end": row.get("actualCompletionDate")}),
            "condition": [{"text": row.get("conditionStudied")}] if row.get("conditionStudied") else None,
        }
        groups = [_reference("Group", arm["armAccession"], arm.get("name")) for arm in arms]
        if self.is_r4b:
            made |= {
                "arm": [self._arm(arm) for arm in arms],
                "enrollment": groups,
                "sponsor": _named(row.get("sponsoringOrganization")),
                "principalInvestigator": lead
                and _reference("Practitioner", lead["personAccession"], lead.get("lastName")),
            }
        else:
            made |= {
                "comparisonGroup": [
                    self._arm(arm) | {"observedGroup": group} for arm, group in zip(arms, groups, strict=True)
                ],
                "associatedParty": self._parties(row, lead),
            }
        yield _kept(made)

    def _arm(self, arm: Row) -> Resource:
        kind = {"text": arm.get("typePreferred") or arm.get("typeReported")}
        link = {"linkId": arm["armAccession"]} if self.version is FhirVersion.R5 else {}
        about = {"name": arm.get("name"), "type": kind, "description": arm.get("description")}
        return link | _kept(about)

    def _parties(self, row: Row, lead: Row | None) -> list[Resource]:
        parties = []
        if sponsor := row.get("sponsoringOrganization"):
            parties.append({"name": sponsor, "role": _code("sponsor")})
        if lead is not None:
            party = _reference("Practitioner", lead["personAccession"], lead.get("lastName"))
            parties.append({"role": _code("primary-investigator"), "party": party})
        return parties

    def research_subjects(self, study: StudyRows) -> Iterator[Resource]:
        """Each person in an arm of the study."""
        who, arm = ("individual", "Arm") if self.is_r4b else ("subject", "ComparisonGroup")
        for row in study.people():
            name = f"{row['armAccession']}.{row['subjectAccession']}"
            yield {
                **self._made("ResearchSubject", name, "participation", name),
                "status": "off-study" if self.is_r4b else "active",
                "study": _reference("ResearchStudy", study.accession),
                who: _reference("Patient", row["subjectAccession"]),
                f"assigned{arm}": row["armAccession"],
                f"actual{arm}": row["armAccession"],
            }

    def patients(self, study: StudyRows) -> Iterator[Resource]:
        """The people of the study."""
        for row in study.people():
            words = ((RACE, row.get("race")), (ETHNICITY, row.get("ethnicity")))
            yield _kept(
                {
                    **self._made("Patient", row["subjectAccession"], "subject", row["subjectAccession"]),
                    "extension": [
                        {"url": url, "extension": [{"url": "text", "valueString": word}]}
                        for url, word in words
                        if word
                    ],
                    "gender": GENDERS.get(row.get("gender") or "", "unknown"),
                }
            )

    def groups(self, study: StudyRows) -> Iterator[Resource]:
        """The arms of the study, each with the species of its subjects."""
        members: dict[str, list[Row]] = {}
        for row in study.rows("demographic"):
            members.setdefault(row["armAccession"], []).append(row)
        for arm in study.rows("arm"):
            inside = members.get(arm["armAccession"], [])
            species = next((row.get("species") for row in inside if row.get("species")), None)
            made = self._made("Group", arm["armAccession"], "arm", arm["armAccession"])
            made |= {
                "type": "animal" if species and species != HUMAN else "person",
                "name": arm.get("name"),
                "code": {"text": species} if species else None,
                "quantity": len({row["subjectAccession"] for row in inside}),
                "characteristic": [
                    {
                        "code": {"text": "arm type"},
                        "valueCodeableConcept": {
                            "text": arm.get("typePreferred") or arm.get("typeReported") or "unknown"
                        },
                        "exclude": False,
                    }
                ],
            }
            if self.version is FhirVersion.R5:
                made["membership"] = "enumerated"
            else:
                made["actual"] = True
            yield _kept(made)

    def _whom(self, row: Row) -> Resource:
        """Whom a resource is about: people alone have one of their own."""
        if row.get("species") == HUMAN:
            return _reference("Patient", row["subjectAccession"])
        return _reference("Group", row["armAccession"])

    def specimens(self, study: StudyRows) -> Iterator[Resource]:
        """The samples of the study."""
        for row in study.rows("biosample"):
            accession = row["biosampleAccession"]
            yield {
                **self._made("Specimen", accession, "biosample", accession, study),
                "status": "available",
                "type": {"text": row.get("biosampleType") or row.get("type") or "Not Specified"},
                "subject": self._whom(row),
            }

    def observations(self, study: StudyRows) -> Iterator[Resource]:
        """Lab tests and components of assessments."""
        for row in study.rows("labtest"):
            made = self._observation(row, "labTest", study, "laboratory")
            if sample := row.get("biosampleAccession"):
                made["specimen"] = _reference("Specimen", sample)
            yield made
        for row in study.rows("assessment"):
            yield self._observation(row, "assessmentComponent", study, "survey")

    def _observation(self, row: Row, kind: str, study: StudyRows, category: str) -> Resource:
        accession = row[f"{kind}Accession"]
        value, unit = (
            row.get(f"result{what}Preferred")
            if row.get(f"result{what}Preferred") is not None
            else row.get(f"result{what}Reported")
            for what in ("Value", "Unit")
        )
        amount = _number(value)
        said: Resource = (
            {"valueQuantity": _kept({"value": amount, "unit": unit})} if amount is not None else {}
        )
        if amount is None and value is not None:
            said = {"valueString": str(value)}
        name = row.get(f"{kind}NamePreferred") or row.get(f"{kind}NameReported")
        return {
            **self._made("Observation", accession, kind, accession, study),
            "status": "final",
            "category": [_code(category, "http://terminology.hl7.org/CodeSystem/observation-category")],
            "code": {"text": name or "Not Specified"},
            "subject": self._whom(row),
            **said,
        }

    def reports(self, study: StudyRows) -> Iterator[Resource]:
        """The panels of tests and assessments, one for each subject."""
        for endpoint, panel, part in (
            ("labtest", "labTestPanel", "labTest"),
            ("assessment", "assessmentPanel", "assessmentComponent"),
        ):
            found: dict[str, list[Row]] = {}
            for row in study.rows(endpoint):
                found.setdefault(f"{row[f'{panel}Accession']}.{row['subjectAccession']}", []).append(row)
            for name, rows in found.items():
                first = rows[0]
                samples = dict.fromkeys(filter(None, (row.get("biosampleAccession") for row in rows)))
                yield _kept(
                    {
                        **self._made("DiagnosticReport", name, panel, first[f"{panel}Accession"], study),
                        "status": "final",
                        "code": {
                            "text": first.get(f"{panel}NamePreferred")
                            or first.get(f"{panel}NameReported")
                            or "Not Specified"
                        },
                        "subject": self._whom(first),
                        "specimen": [_reference("Specimen", sample) for sample in samples],
                        "result": [_reference("Observation", row[f"{part}Accession"]) for row in rows],
                    }
                )

    def practitioners(self, study: StudyRows) -> Iterator[Resource]:
        """Those who made the study."""
        for row in study.rows("personnel"):
            name = {
                "family": row.get("lastName"),
                "given": [row["firstName"]] if row.get("firstName") else None,
                "prefix": [row["honorific"]] if row.get("honorific") else None,
            }
            made = self._made("Practitioner", row["personAccession"], "person", row["personAccession"])
            yield _kept({**made, "name": [_kept(name)]})

    def roles(self, study: StudyRows) -> Iterator[Resource]:
        """What they did in it."""
        for row in study.rows("personnel"):
            name, person = row.get("organization"), row["personAccession"]
            yield _kept(
                {
                    **self._made("PractitionerRole", person, "person", person, study),
                    "active": True,
                    "practitioner": _reference("Practitioner", person),
                    "organization": name and _reference("Organization", organization_id(name)),
                    "code": [{"text": row["roleInStudy"]}] if row.get("roleInStudy") else None,
                }
            )

    def organizations(self, study: StudyRows) -> Iterator[Resource]:
        """Where they work."""
        for row in study.rows("personnel"):
            if name := row.get("organization"):
                made = self._made("Organization", organization_id(name), "organization", name)
                yield {**made, "active": True, "name": name}

    def _made(self, of: str, id_: str, kind: str, value: str, study: StudyRows | None = None) -> Resource:
        made: Resource = {
            "resourceType": of,
            "id": id_,
            "identifier": [{"system": f"{SYSTEM}{kind}", "value": value}],
        }
        if study is not None:
            link = {"url": OF_STUDY, "valueReference": _reference("ResearchStudy", study.accession)}
            made["extension"] = [link]
        return made


def organization_id(name: str) -> str:
    """The id of an organization, which ImmPort knows by its name alone."""
    return f"org-{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:12]}"


def _reference(of: str, id_: str, display: str | None = None) -> Resource:
    return _kept({"reference": f"{of}/{id_}", "display": display})


def _named(name: str | None) -> Resource | None:
    return {"display": name} if name else None


def _code(code: str, system: str | None = None) -> Resource:
    return {"coding": [_kept({"system": system, "code": code})]}


def _kept(items: Mapping[str, Any]) -> Resource:
    """Without what has no value: FHIR knows neither null nor an empty array."""
    return {name: value for name, value in items.items() if value is not None and value not in ([], {})}


def _number(value: object) -> Any:
    return None if value is None else number(str(value).strip())
