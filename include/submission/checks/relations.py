"""Rules between templates: a subject, a visit and their study; results and the samples they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.submission.checks.records import PackageRecords
from include.submission.findings import Reporter
from include.submission.templates.layout import TableRows
from include.submission.templates.roles import is_accession

#: By template of results, the templates that describe the samples they may be of.
SAMPLE_TEMPLATES = {
    "elisa_results": {"elisa"},
    "elispot_results": {"elispot"},
    "hai_results": {"hai"},
    "pcr_results": {"qrt-pcr"},
    "virus_neutralization_results": {"virus_neutralization", "neutralizing_antibody_titer"},
    "hla_typing": {"hla"},
    "kir_typing": {"kir"},
    "rna_seq_results": {"rna_sequencing"},
    "fcm_derived_data": {"flow_cytometry"},
    "cytof_derived_data": {"cytof"},
}
#: By source type of a bead array result, the kind of record that it is of.
SOURCES = {"expsample": "expsample", "control sample": "control_sample", "standard curve": "standard_curve"}


@dataclass(frozen=True)
class AssayIds:
    """By kind of record and identifier, the assay that a bead array's template names for it."""

    ids: dict[tuple[str, str], str]


def assay_ids(tables: list[TableRows]) -> AssayIds:
    """What the templates of bead arrays say of samples, controls and curves."""
    columns = {
        "mbaa": "Expsample ID",
        "controlsamples": "Control Sample ID",
        "standardcurves": "Standard Curve ID",
    }
    ids: dict[tuple[str, str], str] = {}
    for rows in tables:
        name = columns.get(rows.table.name)
        if name is None:
            continue
        kind = name.removesuffix(" ID").replace(" ", "_").casefold()
        for row in _rows(rows, (name, "Assay ID")):
            _, value, assay = row
            ids.setdefault((kind, value), assay)
    return AssayIds(ids)


@dataclass(frozen=True)
class RelationChecks:
    """The checks of one table against what other templates of the package say.

    :ivar unusable: by slot, values that are reported already and cannot be identifiers.
    """

    rows: TableRows
    records: PackageRecords
    assays: AssayIds
    report: Reporter
    unusable: dict[int, set[str]]

    def run(self) -> None:
        """Report rows that contradict another template. What the package does not describe is not judged."""
        self._check_study("Subject ID", "subject", "study_of_subject")
        self._check_study("Planned Visit ID", "planned_visit", "study_of_visit")
        table = self.rows.table.name
        if table == "immuneexposure":
            self._check_arm()
        if table in {"subjecthumans", "subjectanimals", "arm_2_subject"}:
            self._check_age_unit()
        if table in SAMPLE_TEMPLATES:
            self._check_samples(SAMPLE_TEMPLATES[table])
        if table == "mbaa_results":
            self._check_sources()
        if table == "reagent_sets":
            self._check_sets()

    def _check_study(self, column: str, kind: str, rule: str) -> None:
        of_kind = self.records.studies.get(kind, {})
        for number, value, study in _rows(self.rows, (column, "Study ID")):
            studies = of_kind.get(value)
            if not studies or not study or study in studies or _is_other_spelling(study, studies):
                continue
            name = kind.replace("_", " ")
            message = f"the {name} {value} belongs to {', '.join(sorted(studies))}, not to {study}"
            line = self._line(number, "Study ID")
            self.report.add(rule, message, line=line, column="Study ID", value=study, fix=min(studies))

    def _check_arm(self) -> None:
        for number, subject, arm in _rows(self.rows, ("Subject ID", "Arm Or Cohort ID")):
            arms = self.records.arms.get(subject)
            if arms and arm and arm not in arms and not is_accession("arm_or_cohort", arm):
                message = f"the subject {subject} is in {', '.join(sorted(arms))}, not in {arm}"
                line = self._line(number, "Arm Or Cohort ID")
                fix = min(arms)
                self.report.add(
                    "arm_of_subject", message, line=line, column="Arm Or Cohort ID", value=arm, fix=fix
                )

    def _check_age_unit(self) -> None:
        of_arm = self.records.studies.get("arm_or_cohort", {})
        for number, arm, unit in _rows(self.rows, ("Arm Or Cohort ID", "Age Unit")):
            units = {self.records.age_units.get(study, "") for study in of_arm.get(arm, ())} - {""}
            if unit and units and unit.casefold() not in {known.casefold() for known in units}:
                message = f"the study gives ages in {min(units)}"
                line = self._line(number, "Age Unit")
                self.report.add("age_unit", message, line=line, column="Age Unit", value=unit, fix=min(units))

    def _check_samples(self, templates: set[str]) -> None:
        for number, sample in _rows(self.rows, ("Expsample ID",)):
            found = self.records.definition("expsample", sample)
            if found is not None and found.template not in templates:
                message = (
                    f"{sample} is a sample of {found.template}, these are results of {' or '.join(templates)}"
                )
                line = self._line(number, "Expsample ID")
                self.report.add("sample_of_assay", message, line=line, column="Expsample ID", value=sample)

    def _check_sources(self) -> None:
        unusable = self.unusable.get(self.rows.at("Source ID") or 0, set())
        for number, value, source_type, assay in _rows(self.rows, ("Source ID", "Source Type", "Assay ID")):
            kind = SOURCES.get(source_type.casefold())
            if kind is None or value in unusable:
                continue
            line = self._line(number, "Source ID")
            if not value or self.records.has(kind, value) is False:
                message = f"no {source_type.casefold()} {value} in the package or among the known identifiers"
                fix = self.records.suggestion(kind, value) if value else None
                self.report.add(
                    "source", message, line=line, column="Source ID", value=value or None, fix=fix
                )
                continue
            known = self.assays.ids.get((kind, value), "")
            if known and assay and assay != known:
                message = f"{value} belongs to the assay {known}"
                line = self._line(number, "Assay ID")
                self.report.add(
                    "assay_of_source", message, line=line, column="Assay ID", value=assay, fix=known
                )

    def _check_sets(self) -> None:
        for number, members in _rows(self.rows, ("Reagent ID(s)",)):
            for member in (part.strip() for part in members.split(";")):
                found = self.records.definition("reagent", member)
                if found is not None and found.template == "reagent_sets":
                    line = self._line(number, "Reagent ID(s)")
                    message = f"{member} is a reagent set; a set names single reagents"
                    self.report.add("reagent_set", message, line=line, column="Reagent ID(s)", value=member)

    def _line(self, number: int, column: str) -> int:
        at = self.rows.at(column)
        return self.rows.lines[number] if at is None else self.rows.line(number, at)


def _is_other_spelling(study: str, studies: set[str]) -> bool:
    """Whether one of two names is an accession: both may mean one study."""
    return any(is_accession("study", study) != is_accession("study", known) for known in studies)


def _rows(rows: TableRows, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Number and stripped values of columns, row by row; nothing where the header lacks one."""
    slots = [rows.at(name) for name in names]
    if any(at is None for at in slots):
        return []
    places = [at for at in slots if at is not None]
    return [(number, *(row[at].strip() for at in places)) for number, row in enumerate(rows.rows)]
