"""Findings counted a second time: by pandas, from the files and ImmPort's JSON, without the validator.

Three packages are planted with many faults at once, several in a row among them.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from include.submission.checks.records import read_known_ids
from tests.submission.declared import LOOKUPS, TEMPLATES, check, needs_templates, template, vocabularies
from tests.submission.generated import Made, make, write_package

pytestmark = needs_templates
ROWS = 400
Counts = Counter[tuple[str, str]]
#: What is planted, by column: a value, or a change of the valid one.
_PLANTED = {
    "biosamples": {
        "User Defined ID": ["", "=0"],
        "Type": ["", "Whole blod", "WHOLE BLOOD", "Other", " Bone"],
        "Subtype": ["", "x" * 51],
        "Name": ["x" * 201, "two  blanks"],
        "Subject ID": ["", "no such subject"],
        "Planned Visit ID": ["no such visit"],
        "Treatment ID(s)": ["no such treatment; neither"],
        "Study Time Collected": ["", "twelve", "1e3", "-.5", "1,5"],
        "Study Time Collected Unit": ["days", "Fortnights"],
        "Study Time T0 Event": ["Other", "other"],
        "Study Time T0 Event Specify": [""],
    },
    "treatments": {
        "User Defined ID": ["=0", "=1", "x" * 101],
        "Name": ["", "x" * 101],
        "Use Treatment?": ["No", "yes", "maybe", ""],
        "Amount Value": [""],
        "Amount Unit": ["", "NG", "no unit"],
        "Duration Unit": [""],
        "Temperature Value": [""],
        "Comments": ["x" * 501, " blank before"],
    },
    "elisa_results": {
        "Expsample ID": ["", "no such sample"],
        "Analyte Reported": ["", "no such analyte", "x" * 101],
        "Value Reported": ["<10", "12.5", "", "1E5"],
        "Unit Reported": ["PG/ML", "no such unit", ""],
        "Comments": ["x" * 501],
    },
}


def _plant(name: str, made: Made) -> None:
    chance = random.Random(name)
    [(table, rows)] = made.rows.items()
    columns = [column.name for column in template(name).columns]
    first = list(rows[0])
    for row in rows[2:]:
        for column, values in _PLANTED[name].items():
            if chance.random() < 0.15:
                value = chance.choice(values)
                at = columns.index(column)
                row[at] = rows[int(value[1:])][at] if value.startswith("=") else value
    assert rows[0] == first
    assert table == name


class _Pandas:
    """The same package as pandas reads it, and the declarations as JSON has them."""

    def __init__(self, folder: Path, known: Path, name: str) -> None:
        [declared] = [
            one for one in json.loads((TEMPLATES / "templates.json").read_bytes()) if one["name"] == name
        ]
        self.columns = {column["templateColumn"]: column for column in declared["columns"]}
        self.frame = pd.read_csv(
            folder / declared["fileName"], sep="\t", skiprows=2, dtype=str, keep_default_na=False, quoting=3
        ).drop(columns="Column Name")
        lookups = json.loads((LOOKUPS / "lkTables.json").read_bytes())
        self.terms = {
            one["name"]: [row["name"] for row in one["rows"] if row["link"] or row["description"]]
            for one in lookups
        }
        listed = pd.read_csv(known, sep="\t", names=["kind", "id"], dtype=str)
        self.known = {kind: set(part["id"]) for kind, part in listed.groupby("kind")}
        self.counts: Counts = Counter()

    def add(self, column: str, rule: str, is_broken: pd.Series) -> None:
        if count := int(is_broken.sum()):
            self.counts[column, rule] += count

    def of_columns(self) -> None:
        for name, column in self.columns.items():
            values = self.frame[name]
            filled = values.str.strip() != ""
            squeezed = values.str.split().str.join(" ")
            if column["required"]:
                self.add(name, "required", ~filled)
            vocabulary = self.terms.get(column["cvTableName"] or column["pvTableName"] or "", [])
            self.add(name, "whitespace", filled & (values != squeezed) & ~values.isin(vocabulary))
            usable = pd.Series(data=True, index=values.index)
            if column["foreignKey"]:
                self._references(name, column["foreignKeyTableName"], values)
            elif column["columnType"] and column["columnType"].startswith("varchar") and not column["cv"]:
                width = int(column["columnType"][8:-1])
                usable = squeezed.str.len() <= width
                self.add(name, "length", filled & ~usable)
            if vocabulary:
                self._terms(name, squeezed, values, filled & usable, vocabulary, is_controlled=column["cv"])
            if column["jsonDataType"] == "number":
                rule = "number" if column["columnType"] == "float" else "number_reported"
                number = pd.to_numeric(squeezed.where(filled), errors="coerce")
                self.add(name, rule, filled & number.isna())

    def _terms(
        self,
        name: str,
        squeezed: pd.Series,
        values: pd.Series,
        filled: pd.Series,
        vocabulary: list[str],
        *,
        is_controlled: bool,
    ) -> None:
        spelled = {" ".join(term.split()).replace(" ; ", ";").lower() for term in vocabulary}
        parts = {part.strip().lower() for term in vocabulary if ";" in term for part in term.split(";")}
        lower = squeezed.str.replace(" ; ", ";").str.lower()
        is_term = lower.isin(spelled) | (lower.isin(parts) if not is_controlled else False)
        self.add(name, "vocabulary" if is_controlled else "preferred", filled & ~is_term)
        # A term whose blanks alone are wrong has that finding.
        self.add(name, "spelling", filled & is_term & ~squeezed.isin(vocabulary) & (values == squeezed))

    def _references(self, name: str, kind: str, values: pd.Series) -> None:
        named = values.str.split(";").explode().str.strip()
        self.add(name, "reference", (named != "") & ~named.isin(self.known.get(kind, set())))

    def repeated(self, name: str) -> None:
        values = self.frame[name]
        self.add(name, "id_repeated", (values != "") & values.duplicated())

    def specified(self, name: str, specified: str) -> None:
        is_other = self.frame[name].str.strip().str.lower() == "other"
        self.add(specified, "required_if", is_other & (self.frame[specified].str.strip() == ""))

    def together(self, first: str, second: str) -> None:
        one, other = (self.frame[name].str.strip() != "" for name in (first, second))
        self.add(first, "together", other & ~one)
        self.add(second, "together", one & ~other)


def _expected(folder: Path, known: Path, name: str) -> Counts:
    pandas = _Pandas(folder, known, name)
    pandas.of_columns()
    if name == "biosamples":
        pandas.repeated("User Defined ID")
        pandas.specified("Type", "Subtype")
        pandas.specified("Study Time T0 Event", "Study Time T0 Event Specify")
    if name == "treatments":
        pandas.repeated("User Defined ID")
        parts = ("Amount", "Duration", "Temperature")
        for part in parts:
            pandas.together(f"{part} Value", f"{part} Unit")
        frame = pandas.frame
        use = frame["Use Treatment?"].str.strip().str.lower()
        filled = frame[[f"{part} {kind}" for part in parts for kind in ("Value", "Unit")]] != ""
        first = filled.idxmax(axis=1)
        for column in filled:
            pandas.add(column, "not_allowed", (use == "no") & filled.any(axis=1) & (first == column))
        pandas.add("Amount Value", "at_least_one", (use == "yes") & ~filled.any(axis=1))
    return pandas.counts


@pytest.mark.parametrize("name", _PLANTED)
def test_pandas_counts_the_same_findings(tmp_path: Path, name: str) -> None:
    made = make(template(name), vocabularies(), count=ROWS)
    _plant(name, made)
    written = write_package(tmp_path / "package", [template(name)], vocabularies(), {name: made})
    found: Counts = Counter()
    for finding in check(written.folder, read_known_ids(written.known)).findings:
        if finding.rule != "row_repeated":
            found[finding.column or "", finding.rule] += 1
    expected = _expected(written.folder, written.known, name)
    assert found == expected
    assert sum(expected.values()) > 150
    assert len(expected) >= 8
