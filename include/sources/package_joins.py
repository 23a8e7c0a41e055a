"""The parts that recipes are made of: the joins of a package's tables as ImmPort's API views have them.

`{biosample}` stands for a staged package table, and `t` for the recipe's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from include.sources.model import Endpoint, Field, Kind
from include.sources.package_tables import TABLES

#: A day with its time, as packages write it; the API sends the day.
_DAY_AND_TIME = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Join:
    """A further table of a recipe.

    :param sql: the join, to `t` or to joins before it.
    :param gives: SQL of fields that it knows.
    :param order: SQL that tells the rows apart into which it spreads one row.
    """

    sql: str
    gives: dict[str, str]
    order: str | None = None


@dataclass(frozen=True)
class Recipe:
    """How the rows of one endpoint are made.

    :param table: base table; one row of it is at least one row of the endpoint.
    :param values: SQL of fields that neither the base table nor a join has under their name.
    :param source: SQL in place of the base table itself, with its columns and `row_number`.
    """

    table: str
    joins: tuple[Join, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    source: str | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Every package table it reads, the base table first."""
        text = " ".join([self.source or "", *(join.sql for join in self.joins), *self.values.values()])
        return tuple(dict.fromkeys([self.table, *_PLACEHOLDER.findall(text)]))

    @property
    def is_one_to_one(self) -> bool:
        """Whether every row of the base table is exactly one row of the endpoint."""
        return self.source is None and all(join.order is None for join in self.joins)

    @property
    def is_of_one_table(self) -> bool:
        """Whether there are no rows of the endpoint where the base table has none."""
        return set(_PLACEHOLDER.findall(self.source or "")) <= {self.table}

    def value(self, item: Field) -> str | None:
        """SQL of a field; None when nothing knows it."""
        found = [self.values[item.name]] if item.name in self.values else list(self._found(item))
        if not found:
            return None
        sql = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
        if item.kind is Kind.DATE:
            return f"case when {sql} ~ '{_DAY_AND_TIME}' then left({sql}, 10) else {sql} end"
        return sql

    def _found(self, item: Field) -> Iterator[str]:
        if item.column in TABLES[self.table].headers:
            yield f"t.{item.column}"
        for join in self.joins:
            if item.name in join.gives:
                yield join.gives[item.name]

    def select(self, endpoint: Endpoint) -> str:
        """The query that makes the rows: `row_number`, then the endpoint's columns in their order."""
        items = (f"{self.value(item) or 'null'} as {item.column}" for item in endpoint.staged_fields)
        spread = [join.order for join in self.joins if join.order]
        number = f"row_number() over (order by {', '.join(['t.row_number', *spread])})"
        source = self.source or f"{{{self.table}}}"
        return (
            f"select {'t.row_number' if self.is_one_to_one else number} as row_number, {', '.join(items)}"
            f" from {source} t {' '.join(join.sql for join in self.joins)}"
        )


def once(table: str, *keys: str) -> str:
    """A table with one row per key, the first: a repeated row of it repeats nothing else."""
    names = ", ".join(keys)
    return f"(select distinct on ({names}) u.* from {{{table}}} u order by {names}, u.row_number)"


def gives(alias: str, columns: str) -> dict[str, str]:
    """Read `"armName=name"`: the field of an answer, and the column it is in."""
    return {name: f"{alias}.{column}" for name, column in (word.split("=") for word in columns.split())}


STUDY = Join(
    "cross join {study} study",
    gives("study", "studyAccession=study_accession briefTitle=brief_title studyTitle=brief_title"
                    " clinical=clinical_trial"),
)  # fmt: skip
_PARTICIPATION = gives(
    "part",
    "armAccession=arm_accession ageEvent=age_event ageEventSpecify=age_event_specify ageUnit=age_unit"
    " minSubjectAge=min_subject_age maxSubjectAge=max_subject_age subjectPhenotype=subject_phenotype"
    " subjectLocation=subject_location",
)


def in_each_arm(subject: str) -> Join:
    """Repeat a row for each arm of its subject."""
    table = once("arm_2_subject", "subject_accession", "arm_accession")
    return Join(
        f"left join {table} part on part.subject_accession = {subject}", _PARTICIPATION, "part.row_number"
    )


def in_its_arm(arm: str, subject: str) -> Join:
    """What is known of the subject in the arm that a row names."""
    table = once("arm_2_subject", "subject_accession", "arm_accession")
    return Join(
        f"left join {table} part on part.arm_accession = {arm} and part.subject_accession = {subject}",
        {name: sql for name, sql in _PARTICIPATION.items() if name != "armAccession"},
    )


def in_one_arm(subject: str) -> Join:
    """The first arm of a subject: a file is not repeated per arm."""
    table = once("arm_2_subject", "subject_accession")
    return Join(f"left join {table} part on part.subject_accession = {subject}", _PARTICIPATION)


def arm(key: str) -> Join:
    return Join(
        f"left join {once('arm_or_cohort', 'arm_accession')} arm on arm.arm_accession = {key}",
        gives("arm", "armName=name armDescription=description armTypeReported=type_reported"
                      " armTypePreferred=type_preferred"),
    )  # fmt: skip


def subject(key: str) -> Join:
    return Join(
        f"left join {once('subject', 'subject_accession')} subject on subject.subject_accession = {key}",
        gives(
            "subject",
            "subjectAccession=subject_accession ancestralPopulation=ancestral_population"
            " ancestral_population=ancestral_population subjectDescription=description ethnicity=ethnicity"
            " gender=gender race=race raceSpecify=race_specify species=species strain=strain"
            " strain_characteristics=strain_characteristics",
        ),
    )


def biosample(key: str) -> Join:
    return Join(
        f"left join {once('biosample', 'biosample_accession')} sample on sample.biosample_accession = {key}",
        gives(
            "sample",
            "subjectAccession=subject_accession biosampleName=name type=type biosampleType=type"
            " subtype=subtype biosampleSubtype=subtype plannedVisitAccession=planned_visit_accession"
            " studyTimeCollected=study_time_collected studyTimeCollectedUnit=study_time_collected_unit"
            " studyTimeT0Event=study_time_t0_event studyTimeT0EventSpecify=study_time_t0_event_specify",
        ),
    )


def experiment(key: str) -> Join:
    return Join(
        f"left join {once('experiment', 'experiment_accession')} experiment"
        f" on experiment.experiment_accession = {key}",
        gives("experiment", "experimentAccession=experiment_accession experimentName=name"
                             " measurementTechnique=measurement_technique"),
    )  # fmt: skip


#: Repeat a row for each biosample of its experiment sample.
EACH_BIOSAMPLE = Join(
    f"left join {once('expsample_2_biosample', 'expsample_accession', 'biosample_accession')} link"
    " on link.expsample_accession = t.expsample_accession",
    gives("link", "biosampleAccession=biosample_accession"),
    "link.row_number",
)


def treatments(sample: str) -> Join:
    """All treatments of an experiment sample, in one field."""
    pairs = once("expsample_2_treatment", "expsample_accession", "treatment_accession")
    return Join(
        f"left join (select p.expsample_accession,"
        f" string_agg(p.treatment_accession, ',' order by p.treatment_accession) as accessions"
        f" from {pairs} p group by p.expsample_accession) given on given.expsample_accession = {sample}",
        {"treatmentAccession": "given.accessions"},
    )


def analyte(column: str) -> tuple[Join, str]:
    """A preferred analyte: tables hold its accession (ANA148) where the API shows the symbol beside it.

    :returns: the join that knows it, and SQL of the symbol.
    """
    is_accession = f"{column} ~ '^ANA[0-9]+$'"
    join = Join(
        f"left join {once('lk_analyte', 'analyte_accession')} analyte"
        f" on analyte.analyte_accession = {column}",
        {"analyteAccession": f"case when {is_accession} then {column} end"},
    )
    return join, f"case when {is_accession} then analyte.gene_symbol else {column} end"
