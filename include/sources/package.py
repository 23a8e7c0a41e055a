"""How the rows of each endpoint are made of the tables of a Tab package: in SQL, as ImmPort's API views do.

A recipe says only what its base table and its joins do not say by their names. A field is taken from the
base table's column of that name and from the joins that give it, the first that is not null; or from the
recipe's own SQL. `{biosample}` stands for a staged package table, of which `t` is the recipe's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from include.sources.immport import ENDPOINTS, RESULT_ENDPOINTS
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


def _once(table: str, *keys: str) -> str:
    """A table with one row per key, the first: a repeated row of it repeats nothing else."""
    names = ", ".join(keys)
    return f"(select distinct on ({names}) u.* from {{{table}}} u order by {names}, u.row_number)"


def _gives(alias: str, columns: str) -> dict[str, str]:
    """Read `"armName=name"`: the field of an answer, and the column it is in."""
    return {name: f"{alias}.{column}" for name, column in (word.split("=") for word in columns.split())}


STUDY = Join(
    "cross join {study} study",
    _gives("study", "studyAccession=study_accession briefTitle=brief_title studyTitle=brief_title"
                    " clinical=clinical_trial"),
)  # fmt: skip
_PARTICIPATION = _gives(
    "part",
    "armAccession=arm_accession ageEvent=age_event ageEventSpecify=age_event_specify ageUnit=age_unit"
    " minSubjectAge=min_subject_age maxSubjectAge=max_subject_age subjectPhenotype=subject_phenotype"
    " subjectLocation=subject_location",
)


def _in_each_arm(subject: str) -> Join:
    """Repeat a row for each arm of its subject."""
    table = _once("arm_2_subject", "subject_accession", "arm_accession")
    return Join(
        f"left join {table} part on part.subject_accession = {subject}", _PARTICIPATION, "part.row_number"
    )


def _in_its_arm(arm: str, subject: str) -> Join:
    """What is known of the subject in the arm that a row names."""
    table = _once("arm_2_subject", "subject_accession", "arm_accession")
    return Join(
        f"left join {table} part on part.arm_accession = {arm} and part.subject_accession = {subject}",
        {name: sql for name, sql in _PARTICIPATION.items() if name != "armAccession"},
    )


def _in_one_arm(subject: str) -> Join:
    """The first arm of a subject: a file is not repeated per arm."""
    table = _once("arm_2_subject", "subject_accession")
    return Join(f"left join {table} part on part.subject_accession = {subject}", _PARTICIPATION)


def _arm(key: str) -> Join:
    return Join(
        f"left join {_once('arm_or_cohort', 'arm_accession')} arm on arm.arm_accession = {key}",
        _gives("arm", "armName=name armDescription=description armTypeReported=type_reported"
                      " armTypePreferred=type_preferred"),
    )  # fmt: skip


def _subject(key: str) -> Join:
    return Join(
        f"left join {_once('subject', 'subject_accession')} subject on subject.subject_accession = {key}",
        _gives(
            "subject",
            "subjectAccession=subject_accession ancestralPopulation=ancestral_population"
            " ancestral_population=ancestral_population subjectDescription=description ethnicity=ethnicity"
            " gender=gender race=race raceSpecify=race_specify species=species strain=strain"
            " strain_characteristics=strain_characteristics",
        ),
    )


def _biosample(key: str) -> Join:
    return Join(
        f"left join {_once('biosample', 'biosample_accession')} sample on sample.biosample_accession = {key}",
        _gives(
            "sample",
            "subjectAccession=subject_accession biosampleName=name type=type biosampleType=type"
            " subtype=subtype biosampleSubtype=subtype plannedVisitAccession=planned_visit_accession"
            " studyTimeCollected=study_time_collected studyTimeCollectedUnit=study_time_collected_unit"
            " studyTimeT0Event=study_time_t0_event studyTimeT0EventSpecify=study_time_t0_event_specify",
        ),
    )


def _experiment(key: str) -> Join:
    return Join(
        f"left join {_once('experiment', 'experiment_accession')} experiment"
        f" on experiment.experiment_accession = {key}",
        _gives("experiment", "experimentAccession=experiment_accession experimentName=name"
                             " measurementTechnique=measurement_technique"),
    )  # fmt: skip


#: Repeat a row for each biosample of its experiment sample.
_EACH_BIOSAMPLE = Join(
    f"left join {_once('expsample_2_biosample', 'expsample_accession', 'biosample_accession')} link"
    " on link.expsample_accession = t.expsample_accession",
    _gives("link", "biosampleAccession=biosample_accession"),
    "link.row_number",
)


def _treatments(sample: str) -> Join:
    """All treatments of an experiment sample, in one field."""
    pairs = _once("expsample_2_treatment", "expsample_accession", "treatment_accession")
    return Join(
        f"left join (select p.expsample_accession,"
        f" string_agg(p.treatment_accession, ',' order by p.row_number) as accessions"
        f" from {pairs} p group by p.expsample_accession) given on given.expsample_accession = {sample}",
        {"treatmentAccession": "given.accessions"},
    )


def _analyte(column: str) -> tuple[Join, dict[str, str]]:
    """A preferred analyte: tables hold its accession (ANA148) where the API shows the symbol beside it."""
    is_accession = f"{column} ~ '^ANA[0-9]+$'"
    join = Join(
        f"left join {_once('lk_analyte', 'analyte_accession')} analyte on analyte.analyte_accession = {column}",
        {"analyteAccession": f"case when {is_accession} then {column} end"},
    )
    return join, {"preferred": f"case when {is_accession} then analyte.gene_symbol else {column} end"}


def _result(table: str, *, sample: str = "t.expsample_accession", analyte: str | None = None) -> Recipe:
    """Results of an assay: one row each, with what is known of subject, sample, experiment and study."""
    joins: tuple[Join, ...] = (
        STUDY,
        _biosample("t.biosample_accession"),
        _in_its_arm("t.arm_accession", "coalesce(t.subject_accession, sample.subject_accession)"),
        _arm("t.arm_accession"),
        _subject("coalesce(t.subject_accession, sample.subject_accession)"),
        _experiment("t.experiment_accession"),
        _treatments(sample),
    )
    values = {}
    if analyte is not None:
        column = next(item.column for item in _fields(table) if item.name == analyte)
        join, given = _analyte(f"t.{column}")
        joins, values = (*joins, join), {analyte: given["preferred"]}
    return Recipe(table, joins, values)


def _fields(table: str) -> tuple[Field, ...]:
    name = table.removesuffix("_result")
    return next(item.fields for item in ENDPOINTS.values() if item.table in (name, table))


def _of_subject(table: str, *joins: Join, subject: str = "t.subject_accession", **values: str) -> Recipe:
    """Rows repeated for each arm of their subject."""
    everyone = (STUDY, *joins, _in_each_arm(subject), _arm("part.arm_accession"), _subject(subject))
    return Recipe(table, everyone, values)


def _listed(column: str, table: str) -> str:
    """All values of a small table, in one field."""
    return (
        f"(select string_agg(l.{column}, '; ' order by l.row_number) from {{{table}}} l"
        f" where l.{column} is not null)"
    )


#: The release that last changed the study: what the listing said, else what the study's own row says.
_LATEST = "coalesce(%(listed)s, t.latest_data_release_version, %(release)s)"
_STATED = f"t.latest_data_release_version = {_LATEST}"
#: A study that changed after the release its row names was there at that release.
_EARLIER = "case when t.initial_data_release_version is null and not {stated} then {value} end"
_RELEASES = {
    # A package is made of shared studies only.
    "sharedStudy": "'Y'",
    "latestDataReleaseVersion": _LATEST,
    "latestDataReleaseDate": f"case when {_STATED} then t.latest_data_release_date else %(release_date)s end",
    "initialDataReleaseVersion": "coalesce(t.initial_data_release_version, "
    + _EARLIER.format(stated=_STATED, value="t.latest_data_release_version") + ")",
    "initialDataReleaseDate": "coalesce(t.initial_data_release_date, "
    + _EARLIER.format(stated=_STATED, value="t.latest_data_release_date") + ")",
}  # fmt: skip
_CONDITIONS = (
    "coalesce(t.condition_studied, " + _listed("condition_reported", "study_2_condition_or_disease") + ")"
)
_INVESTIGATOR = (
    "(select concat_ws(', ', p.last_name, p.first_name) from {study_personnel} p"
    " where p.role_in_study = 'Principal Investigator' order by p.row_number limit 1)"
)

#: Endpoint -> how its rows are made. Every endpoint that a package tells of has a recipe.
RECIPES: dict[str, Recipe] = {
    "study": Recipe("study", values=_RELEASES),
    "summary": Recipe(
        "study",
        values={
            **_RELEASES,
            "title": "t.brief_title",
            "pi": _INVESTIGATOR,
            "conditionStudied": _CONDITIONS,
            "researchFocus": _listed("research_focus", "study_categorization"),
            "startDate": "t.actual_start_date",
            "detailedDescription": "t.description",
            "sexIncluded": "t.gender_included",
            "subjectsNumber": "t.actual_enrollment",
            "contractGrant": _listed("name", "contract_grant"),
            "program": _listed("name", "program"),
            "dataCompleteness": "t.dcl_id",
        },
    ),
    "arm": Recipe("arm_or_cohort", (STUDY,)),
    "demographic": Recipe(
        "arm_2_subject",
        (STUDY, _arm("t.arm_accession"), _subject("t.subject_accession")),
    ),
    "plannedVisit": Recipe("planned_visit", (STUDY,)),
    "biosample": _of_subject("biosample", biosampleName="t.name"),
    "experiment": Recipe("experiment", (STUDY,)),
    "expsample": _of_subject(
        "expsample",
        _EACH_BIOSAMPLE,
        _biosample("link.biosample_accession"),
        _experiment("t.experiment_accession"),
        subject="sample.subject_accession",
        expsampleName="t.name",
    ),
    "adverseEvent": Recipe("adverse_event", (STUDY,)),
    "assessment": _of_subject(
        "assessment_component",
        Join(
            f"left join {_once('assessment_panel', 'assessment_panel_accession')} panel"
            " on panel.assessment_panel_accession = t.assessment_panel_accession",
            _gives("panel", "assessmentType=assessment_type resultSchema=result_schema status=status"),
        ),
        assessmentPanelNamePreferred="coalesce(t.panel_name_preferred, panel.name_preferred)",
        assessmentPanelNameReported="coalesce(t.panel_name_reported, panel.name_reported)",
        assessmentComponentNamePreferred="t.name_preferred",
        assessmentComponentNameReported="t.name_reported",
    ),
    # A table of newer packages; before, the study named the one condition it studied.
    "condition": Recipe(
        "study_2_condition_or_disease",
        (STUDY,),
        source="(select row_number, study_accession, condition_reported, condition_preferred"
        " from {study_2_condition_or_disease} where condition_reported is not null"
        " union all select row_number, study_accession, condition_studied, null from {study}"
        " where condition_studied is not null and not exists (select 1 from {study_2_condition_or_disease}))",
    ),
    "contract": Recipe(
        "contract_grant",
        (
            STUDY,
            Join(
                f"left join {_once('program', 'program_id')} program on program.program_id = t.program_id",
                _gives(
                    "program",
                    "programCategory=category programDescription=description programEndDate=end_date"
                    " programLink=link programName=name programShortName=short_name"
                    " programStartDate=start_date",
                ),
            ),
        ),
        _gives(
            "t",
            "contractGrantCategory=category contractGrantDescription=description"
            " contractGrantEndDate=end_date contractGrantLink=link contractGrantName=name"
            " contractGrantStartDate=start_date",
        ),
    ),
    "file": Recipe("study_file", (STUDY,)),
    "immuneExposure": Recipe(
        "immune_exposure",
        (
            STUDY,
            _in_its_arm("t.arm_accession", "t.subject_accession"),
            _arm("t.arm_accession"),
            _subject("t.subject_accession"),
        ),
    ),
    "inclusionExclusion": Recipe("inclusion_exclusion", (STUDY,)),
    "intervention": _of_subject("intervention"),
    "labtest": _of_subject(
        "lab_test",
        Join(
            f"left join {_once('lab_test_panel', 'lab_test_panel_accession')} panel"
            " on panel.lab_test_panel_accession = t.lab_test_panel_accession",
            {},
        ),
        _biosample("t.biosample_accession"),
        subject="sample.subject_accession",
        labTestPanelNamePreferred="coalesce(t.panel_name_preferred, panel.name_preferred)",
        labTestPanelNameReported="coalesce(t.panel_name_reported, panel.name_reported)",
        labTestNamePreferred="t.name_preferred",
        labTestNameReported="t.name_reported",
    ),
    "link": Recipe("study_link", (STUDY,)),
    "personnel": Recipe("study_personnel", (STUDY,)),
    "protocol": Recipe("protocol", (STUDY,)),
    "pubmed": Recipe("study_pubmed", (STUDY,)),
    "elisa": _result("elisa_result", analyte="analytePreferred"),
    "elispot": _result("elispot_result", analyte="analytePreferred"),
    "fcsAnalyzed": _result("fcs_analyzed_result"),
    "hai": _result("hai_result"),
    "hlaTyping": _result("hla_typing_result"),
    "kirTyping": _result("kir_typing_result"),
    "massSpectrometryResult": _result("mass_spectrometry_result"),
    "mbaa": _result("mbaa_result", sample="t.source_accession", analyte="analytePreferred"),
    "neutAbTiter": _result("neut_ab_titer_result"),
    "pcr": _result("pcr_result", analyte="geneSymbolPreferred"),
    # Older packages repeat a file for each format of its data.
    "filePath": Recipe(
        "expsample_2_file_info",
        (
            STUDY,
            Join(
                f"left join {_once('file_info', 'file_info_id')} file on file.file_info_id = t.file_info_id",
                _gives("file", "fileDetail=detail filesizeBytes=filesize_bytes fileName=name"
                               " originalFileName=original_file_name"),
            ),
            Join(
                f"left join {_once('expsample', 'expsample_accession')} expsample"
                " on expsample.expsample_accession = t.expsample_accession",
                _gives("expsample", "experimentAccession=experiment_accession"),
            ),
            _EACH_BIOSAMPLE,
            _biosample("link.biosample_accession"),
            _in_one_arm("sample.subject_accession"),
            _arm("part.arm_accession"),
            _subject("sample.subject_accession"),
            _experiment("expsample.experiment_accession"),
        ),
        {
            "filePathId": "t.file_info_id || '_' || t.expsample_accession || '_'"
                          " || coalesce(link.biosample_accession, '')",
            "sourceType": "'EXPSAMPLE'",
            "sourceAccession": "t.expsample_accession",
            "filePath": "'/' || study.study_accession || '/ResultFiles/' || replace(file.detail, ' ', '_')"
                        " || '/' || file.name",
        },
        source=_once("expsample_2_file_info", "expsample_accession", "file_info_id"),
    ),
}  # fmt: skip


def read_for(table: str) -> str | None:
    """Endpoints whose rows are made of a table, by its name of today; None when nothing reads it."""
    return ", ".join(name for name, recipe in RECIPES.items() if table in recipe.tables) or None


#: Tables whose rows are results of an assay.
RESULT_TABLES = frozenset(RECIPES[item.name].table for item in RESULT_ENDPOINTS if item.key == ("resultId",))
