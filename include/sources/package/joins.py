"""The parts that recipes are made of: the joins of a package's tables as ImmPort's API views have them."""

from __future__ import annotations

from include.sources.package.recipe import Join, RecipeValue, T, first
from include.sql import Expression, Row, gap, joined, sql

#: Rows that joins bring, by their aliases.
SAMPLE, PART, LINK = Row("sample"), Row("part"), Row("link")
#: Tables that recipes read one row of each key of, with the key: rows of one key that differ are a finding.
ONCE: set[tuple[str, tuple[str, ...]]] = set()


def once(table: str, *keys: str) -> Expression:
    """A table with one row per key: a repeated row of it should repeat all else, too."""
    ONCE.add((table, keys))
    return first_row(table, *keys)


def first_row(table: str, *keys: str) -> Expression:
    """A table with the first row of each key; the others may differ.

    Of arms: `(select distinct on (u.arm_accession) u.* from (gap arm_or_cohort) u
    order by u.arm_accession, u.row_number)`.
    """
    row = Row("u", home=table)
    key = joined(", ", (row[name] for name in keys))
    rows = sql("select distinct on (", key, ") u.* from ", gap(table), " u order by ", key)
    return sql("(", rows, ", ", row.row_number, ")")


def gives(alias: str, columns: str) -> dict[str, RecipeValue]:
    """Read `"armName=name"`: the field of an answer, and the column it is in."""
    return {name: first(Row(alias)[column]) for name, column in (word.split("=") for word in columns.split())}


def found_by(
    alias: str,
    table: str,
    on: dict[str, RecipeValue],
    columns: str = "",
    *,
    per: tuple[str, ...] = (),
    order: Expression | None = None,
    may_differ: bool = False,
) -> Join:
    """Join a table by the values of its columns.

    :param columns: fields that it gives, as `gives` reads them.
    :param per: columns that identify one row of it, where they are others than those it is found by.
    :param may_differ: rows that these columns do not distinguish may differ: the first of them is joined.
    """
    row = Row(alias)
    same = joined(" and ", (sql(row[name], " = ", value.expression) for name, value in on.items()))
    rows = (first_row if may_differ else once)(table, *(per or on))
    join = sql("left join ", rows, f" {alias} on ", same)
    return Join(alias, table, join, gives(alias, columns), order, on)


STUDY = Join(
    "study",
    "study",
    sql("cross join ", gap("study"), " study"),
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
        order=PART.row_number,
    )


def in_its_arm(arm: Expression, subject: RecipeValue) -> Join:
    """What is known of the subject in the arm that a row names."""
    on = {"arm_accession": first(arm), "subject_accession": subject}
    return found_by("part", "arm_2_subject", on, _IN_ARM, per=("subject_accession", "arm_accession"))


def in_one_arm(subject: RecipeValue) -> Join:
    """The first arm of a subject: a file is not repeated per arm."""
    on = {"subject_accession": subject}
    return found_by("part", "arm_2_subject", on, _PARTICIPATION, may_differ=True)


def arm(key: Expression) -> Join:
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


def biosample(key: Expression) -> Join:
    return found_by(
        "sample",
        "biosample",
        {"biosample_accession": first(key)},
        "subjectAccession=subject_accession biosampleName=name type=type biosampleType=type"
        " subtype=subtype biosampleSubtype=subtype plannedVisitAccession=planned_visit_accession"
        " studyTimeCollected=study_time_collected studyTimeCollectedUnit=study_time_collected_unit"
        " studyTimeT0Event=study_time_t0_event studyTimeT0EventSpecify=study_time_t0_event_specify",
    )


def experiment(key: Expression) -> Join:
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
    {"expsample_accession": first(T.expsample_accession)},
    "biosampleAccession=biosample_accession",
    per=("expsample_accession", "biosample_accession"),
    order=LINK.row_number,
)


def treatments(sample: Expression) -> Join:
    """All treatments of an experiment sample, in one field."""
    given, row = Row("given"), Row("p", home="expsample_2_treatment")
    pairs = once("expsample_2_treatment", "expsample_accession", "treatment_accession")
    return Join(
        "given",
        "expsample_2_treatment",
        sql(
            "left join (select ", row.expsample_accession,
            ", string_agg(", row.treatment_accession, ", ',' order by ", row.treatment_accession,
            ") as treatment_accession from ", pairs, " p group by ", row.expsample_accession,
            ") given on ", given.expsample_accession, " = ", sample,
        ),
        {"treatmentAccession": first(given.treatment_accession)},
        on={"expsample_accession": first(sample)},
    )  # fmt: skip


def analyte(column: Expression) -> tuple[Join, RecipeValue]:
    """A preferred analyte: tables hold its accession (ANA148) where the API shows the symbol beside it.

    :returns: the join that knows it, and the symbol.
    """
    is_accession = sql(column, " ~ '^ANA[0-9]+$'")
    join = found_by("analyte", "lk_analyte", {"analyte_accession": first(column)})
    join.gives["analyteAccession"] = RecipeValue(sql("case when ", is_accession, " then ", column, " end"))
    gene_symbol = Row("analyte").gene_symbol
    symbol = sql("case when ", is_accession, " then ", gene_symbol, " else ", column, " end")
    return join, RecipeValue(symbol, needs=(column,))
