"""Every rule of the validator: a package that breaks it has its finding, and no other."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from include.submission.rules import RULES
from tests.submission.declared import needs_templates
from tests.submission.draft import Draft, draft
from tests.submission.generated import identifier

pytestmark = needs_templates

Spoil = Callable[[Draft], None]
#: Templates, what is done to them, and the findings: rule, column, fix (`...` for any).
CASES: dict[str, tuple[tuple[str, ...], Spoil, list[tuple[str, str | None, object]]]] = {}


def case(name: str, *templates: str, finds: list[tuple[str, str | None, object]]) -> Callable[[Spoil], Spoil]:
    def keep(spoil: Spoil) -> Spoil:
        assert name not in CASES
        CASES[name] = (templates, spoil, finds)
        return spoil

    return keep


def single(rule: str, column: str | None, fix: object = None) -> list[tuple[str, str | None, object]]:
    return [(rule, column, fix)]


def values(name: str, table: str, column: str, value: str, rule: str, fix: object = None) -> None:
    """A case of one other value in the last row."""

    @case(name, table.partition("/")[0], finds=single(rule, column, fix))
    def _(draft: Draft) -> None:
        draft.put(table, column, value, -1)


# Single values. What follows from each column's declaration is in test_single_faults.
values("number with a comma", "biosamples", "Study Time Collected", "1,5", "number", "1.5")
values("number with thousands", "biosamples", "Study Time Collected", "1,234.5", "number", "1234.5")
values("number of two readings", "biosamples", "Study Time Collected", "1,234", "number")
values("number with a unit", "biosamples", "Study Time Collected", "12 h", "number")
values("number not finite", "biosamples", "Study Time Collected", "NaN1", "number")
values("value below a limit", "hai_results", "Value Reported", "<10", "number_reported")
values("whole number of Excel", "study_design_edit/period", "Order Number", "3.0", "whole_number", "3")
values("whole number below 1", "study_design_edit/period", "Order Number", "-3", "whole_number")
values("date of ISO", "basic_study_design/study", "Actual Start Date", "2005-02-06", "date", "06-Feb-2005")
values("date of two readings", "basic_study_design/study", "Actual Start Date", "02/06/2005", "date")
values(
    "date as Excel counts", "basic_study_design/study", "Actual Start Date", "38389", "date", "06-Feb-2005"
)
values("day that is none", "basic_study_design/study", "Actual Start Date", "30-Feb-2005", "date")
values("month that is none", "basic_study_design/study", "Actual Start Date", "06-Fev-2005", "date")
values("term in another case", "protocols", "Type", "aSSAY", "spelling", "Assay")
values("term with other blanks", "biosamples", "Type", "whole BLOOD", "spelling", "Whole blood")
values("term almost", "biosamples", "Type", "Whole blod", "vocabulary", "Whole blood")
values("term of Excel", "treatments", "Use Treatment?", "TRUE", "vocabulary", "Yes")
values("term not at all", "biosamples", "Type", "qqqq", "vocabulary")
values("preferred almost", "elisa_results", "Unit Reported", "pg/mll", "preferred", "pg/ml")
values("preferred in another case", "elisa_results", "Unit Reported", "PG/ML", "spelling", "pg/ml")
values("identifier too long", "protocols", "User Defined ID", "x" * 101, "length")
values("text too long", "protocols", "Name", "x" * 251, "length")
values("blanks around", "protocols", "Name", " a name\u00a0", "whitespace", "a name")
values("blanks within", "protocols", "Name", "a  name", "whitespace", "a name")
values("no value but a text", "protocols", "Description", "N/A", "placeholder", "leave it empty")
values("no number but a text", "biosamples", "Study Time Collected", "NA", "number", "leave it empty")
values(
    "no reported number but a text", "hai_results", "Value Reported", "NA", "placeholder", "leave it empty"
)
values("control character", "protocols", "Name", "a\x01b", "character")
values("error of Excel", "protocols", "Name", "#REF!", "excel_error")
values("column too narrow", "protocols", "Name", "########", "excel_error")
values("gene made a date", "elisa_results", "Analyte Reported", "1-Mar", "excel_date_text")
values("long number", "protocols", "Description", "1.23E+11", "excel_number")


@case("list with a gap", "biosamples", finds=single("list_empty", "Treatment ID(s)", ...))
def _(draft: Draft) -> None:
    first, second = (identifier("treatment", "treatments", number) for number in (0, 1))
    draft.put("biosamples", "Treatment ID(s)", f"{first};;{second};")


@case("list with a repetition", "biosamples", finds=single("list_repeated", "Treatment ID(s)", ...))
def _(draft: Draft) -> None:
    first = identifier("treatment", "treatments", 0)
    draft.put("biosamples", "Treatment ID(s)", f"{first}; {first}")


@case("a term with two blanks of its own", "cytof_derived_data", finds=[])
def _(draft: Draft) -> None:
    draft.put("cytof_derived_data", "Population Name Reported", "NK: CD16+ CD56+  NK cell")


@case(
    "a value that breaks two rules",
    "biosamples",
    finds=[("whitespace", "Type", "Whole blod"), ("vocabulary", "Type", "Whole blood")],
)
def _(draft: Draft) -> None:
    draft.put("biosamples", "Type", " Whole blod")


# Rows.
@case("other sample", "biosamples", finds=single("required_if", "Subtype"))
def _(draft: Draft) -> None:
    draft.put("biosamples", "Type", "Other")
    draft.put("biosamples", "Subtype", "")


@case("other event", "elisa", finds=single("required_if", "Study Time T0 Event Specify"))
def _(draft: Draft) -> None:
    draft.put("elisa", "Study Time T0 Event", "Other")
    draft.put("elisa", "Study Time T0 Event Specify", "")


@case("an event of a known sample does not matter", "elisa", finds=[])
def _(draft: Draft) -> None:
    draft.put("elisa", "Study Time T0 Event", "Other")
    draft.put("elisa", "Study Time T0 Event Specify", "")
    draft.known.append(f"biosample\t{draft.get('elisa', 'Biosample ID')}")


@case("a known sample needs no description", "elisa", finds=[])
def _(draft: Draft) -> None:
    for column in ("Subject ID", "Planned Visit ID", "Type", "Study Time Collected"):
        draft.put("elisa", column, "")
    draft.known.append(f"biosample\t{draft.get('elisa', 'Biosample ID')}")


@case("a sample of its own template needs no second description", "biosamples", "elisa", finds=[])
def _(draft: Draft) -> None:
    draft.put("elisa", "Biosample ID", draft.get("biosamples", "User Defined ID"))
    for column in ("Subject ID", "Planned Visit ID", "Type", "Study Time Collected"):
        draft.put("elisa", column, "")


@case("an experiment may stand in many rows", "elisa", finds=[])
def _(draft: Draft) -> None:
    draft.put("elisa", "Experiment ID", draft.get("elisa", "Experiment ID", 0))
    for column in ("Experiment Name", "Experiment Description", "Protocol ID(s)"):
        draft.put("elisa", column, "")


@case(
    "a new experiment in a row of known samples", "elisa", finds=single("required_if_new", "Experiment Name")
)
def _(draft: Draft) -> None:
    draft.put("elisa", "Experiment Name", "")
    draft.known.append(f"biosample\t{draft.get('elisa', 'Biosample ID')}")


@case("two experiments of one name", "elisa", finds=single("id_differs", "Experiment Name", ...))
def _(draft: Draft) -> None:
    draft.put("elisa", "Experiment ID", draft.get("elisa", "Experiment ID", 0))
    draft.put("elisa", "Protocol ID(s)", draft.get("elisa", "Protocol ID(s)", 0))
    draft.put("elisa", "Experiment Description", draft.get("elisa", "Experiment Description", 0))


@case("amount without unit", "treatments", finds=single("together", "Amount Unit"))
def _(draft: Draft) -> None:
    draft.put("treatments", "Amount Unit", "")


@case("age of onset without unit", "assessments", finds=single("together", "Age At Onset Unit Reported"))
def _(draft: Draft) -> None:
    draft.put("assessments", "Age At Onset Unit Reported", "")


@case("treatment with nothing", "treatments", finds=single("at_least_one", "Amount Value"))
def _(draft: Draft) -> None:
    for name in ("Amount", "Duration", "Temperature"):
        draft.put("treatments", f"{name} Value", "")
        draft.put("treatments", f"{name} Unit", "")


@case("no treatment with an amount", "treatments", finds=single("not_allowed", "Amount Value", ...))
def _(draft: Draft) -> None:
    draft.put("treatments", "Use Treatment?", "No")


@case("typing without alleles", "hla_typing", finds=single("at_least_one", "HLA-A Allele 1"))
def _(draft: Draft) -> None:
    row = draft.made["hla_typing"].rows["hla_typing"][1]
    row[:] = [*row[:2], *[""] * (len(row) - 2)]


@case("own template and a file", "standardcurves", finds=single("not_allowed", "Result File Name", ...))
def _(draft: Draft) -> None:
    draft.put("standardcurves", "ImmPort Template?", "Yes")


@case("other results without a file", "standardcurves", finds=single("required_if", "Result File Name"))
def _(draft: Draft) -> None:
    draft.made["standardcurves"].files.remove(draft.get("standardcurves", "Result File Name"))
    draft.put("standardcurves", "Result File Name", "")


@case(
    "result among other files", "cytof", finds=single("file_in_two_columns", "Additional Result File Names")
)
def _(draft: Draft) -> None:
    more = draft.get("cytof", "Additional Result File Names")
    draft.put("cytof", "Additional Result File Names", f"{more}; {draft.get('cytof', 'Result File Name')}")


@case("end before start", "adverseevents", finds=single("order", "End Study Day"))
def _(draft: Draft) -> None:
    draft.put("adverseevents", "Start Study Day", "12")
    draft.put("adverseevents", "End Study Day", "9")


@case("age of 95", "subjecthumans", finds=single("age_limit", "Max Subject Age", "90"))
def _(draft: Draft) -> None:
    draft.put("subjecthumans", "Age Unit", "Years")
    draft.put("subjecthumans", "Max Subject Age", "95")


@case("row twice", "elisa_results", finds=single("row_repeated", None, ...))
def _(draft: Draft) -> None:
    rows = draft.made["elisa_results"].rows["elisa_results"]
    rows[1] = list(rows[0])


@case(
    "unknown material without an identifier",
    "immuneexposure",
    finds=[("preferred", "Exposure Material Reported", None), ("required_if", "Exposure Material ID", None)],
)
def _(draft: Draft) -> None:
    draft.put("immuneexposure", "Exposure Material Reported", "9999")
    draft.put("immuneexposure", "Exposure Material ID", "")


@case(
    "exposure without material", "immuneexposure", finds=single("required_if", "Exposure Material Reported")
)
def _(draft: Draft) -> None:
    draft.put("immuneexposure", "Exposure Material Reported", "")


@case(
    "disease without name and stage",
    "immuneexposure",
    finds=[("required_if", "Disease Reported", None), ("required_if", "Disease Stage Reported", None)],
)
def _(draft: Draft) -> None:
    draft.put("immuneexposure", "Exposure Process Reported", "occurrence of cancer")
    draft.put("immuneexposure", "Disease Reported", "")
    draft.put("immuneexposure", "Disease Stage Reported", "")


@case(
    "unknown disease without an identifier",
    "subjecthumans",
    finds=[("preferred", "Disease Reported", None), ("required_if", "Disease Ontology ID", None)],
)
def _(draft: Draft) -> None:
    draft.put("subjecthumans", "Exposure Process Reported", "infectious challenge")
    draft.put("subjecthumans", "Disease Reported", "9999")
    draft.put("subjecthumans", "Disease Ontology ID", "")


# References.
@case("identifier twice", "protocols", finds=single("id_repeated", "User Defined ID"))
def _(draft: Draft) -> None:
    draft.put("protocols", "User Defined ID", draft.get("protocols", "User Defined ID", 0))


@case(
    "identifier in two templates",
    "array_reagents",
    "elisa_reagents",
    finds=single("id_repeated", "User Defined ID"),
)
def _(draft: Draft) -> None:
    draft.put("elisa_reagents", "User Defined ID", draft.get("array_reagents", "User Defined ID", 0))


@case("sample in two rows", "elisa", finds=single("id_repeated", "Expsample ID"))
def _(draft: Draft) -> None:
    draft.put("elisa", "Expsample ID", draft.get("elisa", "Expsample ID", 0))


@case("sample in two assays", "elisa", "hai", finds=single("id_repeated", "Expsample ID"))
def _(draft: Draft) -> None:
    draft.put("hai", "Expsample ID", draft.get("elisa", "Expsample ID", 0))


@case("identifier of the workspace", "protocols", finds=single("id_known", "User Defined ID"))
def _(draft: Draft) -> None:
    draft.known.append(f"protocol\t{draft.get('protocols', 'User Defined ID')}\tPTL77")


@case("sample of the workspace without results", "cytof", finds=single("id_known", "Expsample ID"))
def _(draft: Draft) -> None:
    draft.known.append(f"expsample\t{draft.get('cytof', 'Expsample ID')}")


@case("subject of the workspace", "subjecthumans", finds=single("id_known", "Subject ID"))
def _(draft: Draft) -> None:
    draft.known.append(f"subject\t{draft.get('subjecthumans', 'Subject ID')}")


@case("further results of a sample of the workspace", "elisa", finds=[])
def _(draft: Draft) -> None:
    for kind in ("expsample", "biosample", "experiment"):
        draft.known.append(f"{kind}\t{draft.get('elisa', f'{kind.capitalize()} ID')}")


@case("a new biosample of a sample of the workspace", "elisa", finds=single("new_of_known", "Biosample ID"))
def _(draft: Draft) -> None:
    for kind in ("expsample", "experiment"):
        draft.known.append(f"{kind}\t{draft.get('elisa', f'{kind.capitalize()} ID')}")


@case("lab tests of a biosample of the workspace", "labtests", finds=[])
def _(draft: Draft) -> None:
    draft.known.append(f"biosample\t{draft.get('labtests', 'Biosample ID')}")


@case("publication twice", "basic_study_design", finds=single("key_repeated", "Pubmed ID"))
def _(draft: Draft) -> None:
    articles = "basic_study_design/study_pubmed"
    draft.put(articles, "Pubmed ID", draft.get(articles, "Pubmed ID", 0))


@case("reference with a slip", "biosamples", finds=single("reference", "Subject ID", ...))
def _(draft: Draft) -> None:
    draft.put("biosamples", "Subject ID", draft.get("biosamples", "Subject ID").upper())


@case(
    "a text in place of a reference",
    "biosamples",
    finds=[("placeholder", "Subject ID", "leave it empty"), ("reference", "Subject ID", None)],
)
def _(draft: Draft) -> None:
    draft.put("biosamples", "Subject ID", "N/A")


@case("reference in a list", "experiments", finds=single("reference", "Protocol ID(s)"))
def _(draft: Draft) -> None:
    draft.put("experiments", "Protocol ID(s)", f"{draft.get('experiments', 'Protocol ID(s)')}; 9999")


@case("subject of an assessment", "assessments", finds=single("reference", "Subject ID"))
def _(draft: Draft) -> None:
    draft.put("assessments", "Subject ID", "9999")


@case("known accession", "biosamples", finds=[])
def _(draft: Draft) -> None:
    draft.known.append("subject\towned\tSUB77")
    draft.put("biosamples", "Subject ID", "SUB77")


@case("unknown accession", "biosamples", finds=single("reference", "Subject ID"))
def _(draft: Draft) -> None:
    draft.put("biosamples", "Subject ID", "SUB78")


@case(
    "accessions without a workspace",
    "treatments",
    "adverseevents",
    finds=[("reference_unchecked", "Subject ID", ...), ("reference_unchecked", "Study ID", ...)],
)
def _(draft: Draft) -> None:
    draft.has_workspace = False
    for row in (0, 1):
        draft.put("adverseevents", "Subject ID", "SUB77", row)
        draft.put("adverseevents", "Study ID", "SDY77", row)


@case("visit of an order that is taken", "basic_study_design", finds=single("key_repeated", "Order Number"))
def _(draft: Draft) -> None:
    visits = "basic_study_design/planned_visit"
    draft.put(visits, "Order Number", draft.get(visits, "Order Number", 0))


@case("visits of one order in two studies", "study_design_edit", finds=[])
def _(draft: Draft) -> None:
    visits = "study_design_edit/planned_visit"
    draft.known.append("study\tanother study")
    draft.put(visits, "Study ID", "another study")
    draft.put(visits, "Order Number", draft.get(visits, "Order Number", 0))


_STUDY = ("basic_study_design", "subjecthumans")


@case("subject of another study", *_STUDY, "adverseevents", finds=single("study_of_subject", "Study ID", ...))
def _(draft: Draft) -> None:
    draft.known.append("study\tanother study")
    draft.put("adverseevents", "Study ID", "another study")


@case("a study's accession may be the same study", *_STUDY, "adverseevents", finds=[])
def _(draft: Draft) -> None:
    draft.known.append("study\tanother study\tSDY77")
    draft.put("adverseevents", "Study ID", "SDY77")


@case("visit of another study", *_STUDY, "biosamples", finds=single("study_of_visit", "Study ID", ...))
def _(draft: Draft) -> None:
    draft.known += ["study\tanother study", "subject\tanother subject"]
    draft.put("biosamples", "Subject ID", "another subject")
    draft.put("biosamples", "Study ID", "another study")


@case(
    "exposure in another arm",
    *_STUDY,
    "immuneexposure",
    finds=single("arm_of_subject", "Arm Or Cohort ID", ...),
)
def _(draft: Draft) -> None:
    arm = draft.get("basic_study_design/arm_or_cohort", "User Defined ID", 1)
    draft.put("immuneexposure", "Arm Or Cohort ID", arm)


@case("age in another unit", *_STUDY, finds=single("age_unit", "Age Unit", ...))
def _(draft: Draft) -> None:
    draft.put("subjecthumans", "Age Unit", "Days")


@case(
    "results of another assay's sample",
    "elisa",
    "hai",
    "elisa_results",
    finds=single("sample_of_assay", "Expsample ID"),
)
def _(draft: Draft) -> None:
    draft.put("elisa_results", "Expsample ID", draft.get("hai", "Expsample ID"))


@case("source that is not there", "mbaa", "mbaa_results", finds=single("source", "Source ID"))
def _(draft: Draft) -> None:
    draft.put("mbaa_results", "Source ID", "9999")


@case("source of another kind", "mbaa", "mbaa_results", finds=single("source", "Source ID"))
def _(draft: Draft) -> None:
    draft.put("mbaa_results", "Source Type", "STANDARD CURVE")


@case("source of another assay", "mbaa", "mbaa_results", finds=single("assay_of_source", "Assay ID", "assay"))
def _(draft: Draft) -> None:
    draft.put("mbaa_results", "Assay ID", "another assay")


@case("set of sets", "array_reagents", "reagent_sets", finds=single("reagent_set", "Reagent ID(s)"))
def _(draft: Draft) -> None:
    draft.put("reagent_sets", "Reagent ID(s)", draft.get("reagent_sets", "User Defined ID", 0))


@functools.cache
def rules_of_unspoiled(templates: tuple[str, ...]) -> frozenset[str]:
    """The rules that a package of some templates breaks before it is spoiled."""
    with tempfile.TemporaryDirectory() as folder:
        return frozenset(finding.rule for finding in draft(*templates).write(Path(folder, "package")))


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_gives_its_finding(tmp_path: Path, name: str) -> None:
    templates, spoil, expected = CASES[name]
    assert rules_of_unspoiled(templates) == frozenset()
    package = draft(*templates)
    spoil(package)
    found = package.write(tmp_path / "package")
    assert [(finding.rule, finding.column) for finding in found] == [case[:2] for case in expected]
    for finding, (rule, _, fix) in zip(found, expected, strict=True):
        assert finding.severity == RULES[rule].severity
        assert finding.message
        assert finding.line is not None or rule == "reference_unchecked"
        if fix is not ...:
            assert finding.fix == fix
        else:
            assert finding.fix
