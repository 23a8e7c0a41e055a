"""The parts that recipes are made of: the joins of a package's tables as ImmPort's API views have them."""

from __future__ import annotations

from include.sources.package.recipe import Join, RecipeValue, first

#: Tables that recipes read one row of each key of, with the key: rows of one key that differ are a finding.
ONCE: set[tuple[str, tuple[str, ...]]] = set()


def once(table: str, *keys: str) -> str:
    """A table with one row per key: a repeated row of it should repeat all else, too."""
    ONCE.add((table, keys))
    return first_row(table, *keys)


def first_row(table: str, *keys: str) -> str:
    """A table with the first row of each key; the others may differ."""
    names = ", ".join(keys)
    return f"(select distinct on ({names}) u.* from {{{table}}} u order by {names}, u.row_number)"


def gives(alias: str, columns: str) -> dict[str, RecipeValue]:
    """Read `"armName=name"`: the field of an answer, and the column it is in."""
    return {
        name: first(f"{alias}.{column}") for name, column in (word.split("=") for word in columns.split())
    }


def found_by(
    alias: str,
    table: str,
    on: dict[str, RecipeValue],
    columns: str = "",
    *,
    per: tuple[str, ...] = (),
    order: str | None = None,
    may_differ: bool = False,
) -> Join:
    """Join a table by the values of its columns.

    :param columns: fields that it gives, as `gives` reads them.
    :param per: columns that identify one row of it, where they are others than those it is found by.
    :param may_differ: rows that they do not tell apart may differ: the first is meant.
    """
    same = " and ".join(f"{alias}.{column} = {value.sql}" for column, value in on.items())
    rows = (first_row if may_differ else once)(table, *(per or on))
    sql = f"left join {rows} {alias} on {same}"
    return Join(alias, table, sql, gives(alias, columns), order, on)


STUDY = Join(
    "study",
    "study",
    "cross join {study} study",
    gives("study", "studyAccession=study_accession briefTitle=brief_title studyTitle=brief_title"
                    " clinical=clinical_trial"),
)  # fmt: skip
_IN_ARM = (
    "ageEvent=age_event ageEventSpecify=age_event_specify ageUnit=age_unit minSubjectAge=min_subject_age"
    " maxSubjectAge=max_subject_age min_subject_age_in_years=min_subject_age_in_years"
    " max_subject_age_in_years=max_subject_age_in_years subjectPhenotype=subject_phenotype"
    " subjectLocation=subject_location"
)
_PARTICIPATION = f"armAccession=arm_accession {_IN_ARM}"


def in_each_arm(subject: RecipeValue) -> Join:
    """Repeat a row for each arm of its subject."""
    return found_by(
        "part",
        "arm_2_subject",
        {"subject_accession": subject},
        _PARTICIPATION,
        per=("subject_accession", "arm_accession"),
        order="part.row_number",
    )


def in_its_arm(arm: str, subject: RecipeValue) -> Join:
    """What is known of the subject in the arm that a row names."""
    on = {"arm_accession": first(arm), "subject_accession": subject}
    return found_by("part", "arm_2_subject", on, _IN_ARM, per=("subject_accession", "arm_accession"))


def in_one_arm(subject: RecipeValue) -> Join:
    """The first arm of a subject: a file is not repeated per arm."""
    on = {"subject_accession": subject}
    return found_by("part", "arm_2_subject", on, _PARTICIPATION, may_differ=True)


def arm(key: str) -> Join:
    return found_by(
        "arm",
        "arm_or_cohort",
        {"arm_accession": first(key)},
        "armName=name armDescription=description armTypeReported=type_reported"
        " armTypePreferred=type_preferred",
    )


def subject(key: RecipeValue) -> Join:
    return found_by(
        "subject",
        "subject",
        {"subject_accession": key},
        "subjectAccession=subject_accession ancestralPopulation=ancestral_population"
        " ancestral_population=ancestral_population subjectDescription=description ethnicity=ethnicity"
        " gender=gender race=race raceSpecify=race_specify species=species strain=strain"
        " strain_characteristics=strain_characteristics",
    )


def biosample(key: str) -> Join:
    return found_by(
        "sample",
        "biosample",
        {"biosample_accession": first(key)},
        "subjectAccession=subject_accession biosampleName=name type=type biosampleType=type"
        " subtype=subtype biosampleSubtype=subtype plannedVisitAccession=planned_visit_accession"
        " studyTimeCollected=study_time_collected studyTimeCollectedUnit=study_time_collected_unit"
        " studyTimeT0Event=study_time_t0_event studyTimeT0EventSpecify=study_time_t0_event_specify",
    )


def experiment(key: str) -> Join:
    return found_by(
        "experiment",
        "experiment",
        {"experiment_accession": first(key)},
        "experimentAccession=experiment_accession experimentName=name"
        " measurementTechnique=measurement_technique",
    )


#: Repeat a row for each biosample of its experiment sample.
EACH_BIOSAMPLE = found_by(
    "link",
    "expsample_2_biosample",
    {"expsample_accession": first("t.expsample_accession")},
    "biosampleAccession=biosample_accession",
    per=("expsample_accession", "biosample_accession"),
    order="link.row_number",
)


def treatments(sample: str) -> Join:
    """All treatments of an experiment sample, in one field."""
    pairs = once("expsample_2_treatment", "expsample_accession", "treatment_accession")
    return Join(
        "given",
        "expsample_2_treatment",
        f"left join (select p.expsample_accession,"
        f" string_agg(p.treatment_accession, ',' order by p.treatment_accession) as accessions"
        f" from {pairs} p group by p.expsample_accession) given on given.expsample_accession = {sample}",
        {"treatmentAccession": RecipeValue("given.accessions", ("given.treatment_accession",))},
        on={"expsample_accession": first(sample)},
    )


def analyte(column: str) -> tuple[Join, RecipeValue]:
    """A preferred analyte: tables hold its accession (ANA148) where the API shows the symbol beside it.

    :returns: the join that knows it, and the symbol.
    """
    is_accession = f"{column} ~ '^ANA[0-9]+$'"
    join = found_by("analyte", "lk_analyte", {"analyte_accession": first(column)})
    join.gives["analyteAccession"] = RecipeValue(f"case when {is_accession} then {column} end", (column,))
    symbol = f"case when {is_accession} then analyte.gene_symbol else {column} end"
    return join, RecipeValue(symbol, (column, "analyte.gene_symbol"), needs=(column,))
