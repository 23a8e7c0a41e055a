"""The dimensions of the star, one entry each."""

from __future__ import annotations

from include.sql import Expression, Row, call, sql
from include.warehouse.model.clinical import CLINICAL_TERMS
from include.warehouse.model.declaration import Column, Derived, Dimension, H, S, Type
from include.warehouse.model.gene_identity import GENE
from include.warehouse.model.materials import MATERIALS
from include.warehouse.model.measured_values import U, unit_lookup
from include.warehouse.model.relations import Joined, Lookup, Reference
from include.warehouse.model.study_documents import DOCUMENT_DIMENSIONS
from include.warehouse.model.study_files import FILE

_UP_TO_DR16 = "known from packages up to DR16 only"
NUMERIC, INTEGER, DATE, BOOLEAN = Type.NUMERIC, Type.INTEGER, Type.DATE, Type.BOOLEAN

#: Study time in days.
_STUDY_DAY = call("star.study_day", H.study_time_collected, H.study_time_collected_unit)


def _years(age: Expression) -> Expression:
    """An age in years."""
    return call("star.age_years", age, H.age_unit)


_MIN_YEARS, _MAX_YEARS = (_years(H[f"{bound}_subject_age"]) for bound in ("min", "max"))
#: The middle of an age that is reported as a range; the one bound of a range that is open.
_AGE_YEARS = call("coalesce", sql("(", _MIN_YEARS, " + ", _MAX_YEARS, ") / 2"), _MIN_YEARS, _MAX_YEARS)

_SPECIES = Row("e")
#: The band of people of whom it does not matter which age of the range is meant.
_AGE_BAND = sql(
    "case when ", _SPECIES.species, " = 'Homo sapiens' and",
    " star.age_band(", call("coalesce", _MIN_YEARS, _MAX_YEARS), ") =",
    " star.age_band(", call("coalesce", _MAX_YEARS, _MIN_YEARS), ") then star.age_band(", _AGE_YEARS, ") end",
)  # fmt: skip
_POOL_SIZE = call("star.pool_size", H.subject_phenotype)

#: ImmPort names a pool of animals or people only in the phenotype's words.
_IS_POOL = sql("coalesce((", S.subject_phenotype, " collate \"C\") ~* '\\mpool(s|ed|ing)?\\M', false)")


def _by_names(function: str) -> Expression:
    """What a function finds in the names of a strain."""
    names = (H.virus_strain_preferred, H.virus_strain_reported)
    return call("coalesce", *(call(function, name) for name in names))


def _date_key(column: str, meaning: str) -> Derived:
    key = sql("coalesce(to_char(", H[column], ", 'YYYYMMDD')::bigint, 0)")
    return Derived(f"{column}_key", f"{meaning}, as a key of dim_date", INTEGER, key)


#: The row of the study's page.
_Y = Row("y")

STUDY = Dimension(
    name="study",
    grain="one study",
    endpoint="study",
    joins=(Joined("y", "summary", sql(_Y.study_accession, " = ", S.study_accession)),),
    natural_key=(Column("study_accession", "ImmPort's accession of the study, SDY..."),),
    columns=(
        Column("brief_title", "Short title"),
        Column("official_title", "Official title"),
        Column("brief_description", "Short description"),
        Column("description", "Full description"),
        Column("objectives", "What the study set out to find"),
        Column("endpoints", "Outcomes measured"),
        Column("hypothesis", "Hypothesis tested"),
        Column("condition_studied", "Conditions, as the study page lists them", source=_Y.condition_studied),
        Column("research_focus", "Research focus, as the study page lists it", source=_Y.research_focus),
        Column("program", "Funding programs, as the study page lists them", source=_Y.program),
        Column("principal_investigator", "Principal investigator", source=_Y.pi),
        Column("clinical_trial", "Y when the study is a clinical trial"),
        Column("type", "Kind of study: observational, interventional; known from packages only"),
        Column("gender_included", "Sexes that could take part"),
        Column("minimum_age", "Youngest age admitted", NUMERIC,
               call("star.to_number", S.minimum_age), "age_unit"),
        Column("maximum_age", "Oldest age admitted", NUMERIC,
               call("star.to_number", S.maximum_age), "age_unit"),
        Column("age_unit", "Unit of the ages admitted"),
        Column("target_enrollment", "Subjects planned", INTEGER, unit="subjects"),
        Column("actual_enrollment", "Subjects enrolled", INTEGER, unit="subjects"),
        Column("actual_start_date", "Day the study began", DATE),
        Column("actual_completion_date", "Day the study ended", DATE),
        Column("sponsoring_organization", "Sponsor"),
        Column("intervention_agent", "Agent given"),
        Column("doi", "Digital object identifier of the study"),
        Column("dcl_id", "Data completeness level, an ImmPort code", INTEGER),
        Column("shared_study", "Y when ImmPort shares the study"),
        Column("initial_data_release_version", "First data release with the study"),
        Column("initial_data_release_date", "Day of that release", DATE),
        Column("latest_data_release_version", "Data release that last changed the study"),
        Column("latest_data_release_date", "Day of that release", DATE),
    ),
    derived=(
        Derived("minimum_age_years", "Youngest age admitted, in years", NUMERIC,
                _years(H.minimum_age), "years"),
        Derived("maximum_age_years", "Oldest age admitted, in years", NUMERIC,
                _years(H.maximum_age), "years"),
        _date_key("actual_start_date", "Day the study began"),
        _date_key("actual_completion_date", "Day the study ended"),
        _date_key("initial_data_release_date", "Day of the first release with the study"),
        _date_key("latest_data_release_date", "Day of the release that last changed it"),
    ),
)  # fmt: skip

SUBJECT = Dimension(
    name="subject",
    grain="one subject, whatever number of studies it takes part in",
    endpoint="demographic",
    is_numerous=True,
    shared=True,
    natural_key=(Column("subject_accession", "ImmPort's accession of the subject, SUB..."),),
    columns=(
        Column("gender", "Sex as ImmPort names it"),
        Column("race", "Race"),
        Column("race_specify", "Race in the submitter's words"),
        Column("ethnicity", "Ethnicity"),
        Column("ancestral_population", "Ancestral population"),
        Column("strain", "Strain of an animal"),
        Column("strain_characteristics", "Traits of the strain"),
        Column("description", "Description of the subject", source=S.subject_description),
        Column("is_pool", "The record stands for pooled individuals, not for one", BOOLEAN, _IS_POOL),
    ),
    references=(Reference("species", (S.species,), "Species of the subject"),),
    # A phenotype is one of the subject in an arm.
    varying=frozenset({"is_pool"}),
)

ARM = Dimension(
    name="arm",
    grain="one arm or cohort of a study",
    endpoint="arm",
    natural_key=(Column("arm_accession", "ImmPort's accession of the arm, ARM..."),),
    columns=(
        Column("name", "Name of the arm"),
        Column("description", "Description of the arm"),
        Column("type_reported", "Type as the submitter gave it"),
        Column("type_preferred", "Type in ImmPort's words"),
        Column("population_selection_rule", f"How subjects were chosen for the arm; {_UP_TO_DR16}"),
    ),
)

PARTICIPATION = Dimension(
    name="participation",
    grain="one subject in one arm",
    endpoint="demographic",
    is_numerous=True,
    natural_key=(
        Column("arm_accession", "Arm the subject takes part in"),
        Column("subject_accession", "Subject that takes part"),
    ),
    references=(
        Reference("arm", (S.arm_accession,), "Arm the subject takes part in"),
        Reference("subject", (S.subject_accession,), "Subject that takes part"),
        Reference("species", (S.species,), "Species of the subject"),
    ),
    lookup=Lookup("e", "key_species", "species_key", H.species_key),
    columns=(
        Column("min_subject_age", "Age, or its lower bound", NUMERIC, unit="age_unit"),
        Column("max_subject_age", "Age, or its upper bound", NUMERIC, unit="age_unit"),
        Column("age_unit", "Unit of the ages"),
        Column("age_event", "Moment at which the age was taken"),
        Column("age_event_specify", "That moment in the submitter's words"),
        Column("subject_phenotype", "Phenotype of the subject in this arm"),
        Column("subject_location", "Place of the subject"),
        Column("study_enrollment_day", f"Day of the study on which the subject enrolled; {_UP_TO_DR16}",
               NUMERIC, unit="days"),
    ),
    derived=(
        Derived("min_age_years", "Age in years, or its lower bound", NUMERIC,
                _MIN_YEARS, "years"),
        Derived("max_age_years", "Age in years, or its upper bound", NUMERIC,
                _MAX_YEARS, "years"),
        Derived("age_years", "Age in years; the middle where it is reported as a range", NUMERIC,
                _AGE_YEARS, "years"),
        Derived("age_band", "Band of the age in years, of people alone; null for animals, for subjects of"
                " unknown species and for a range over several",
                Type.TEXT, _AGE_BAND),
        Derived("pool_size_min", "Individuals of a pool, as the phenotype gives them; the fewest", INTEGER,
                sql("(", _POOL_SIZE, ")[1]"), "individuals"),
        Derived("pool_size_max", "Individuals of a pool, as the phenotype gives them; the most", INTEGER,
                sql("(", _POOL_SIZE, ")[2]"), "individuals"),
    ),
)  # fmt: skip

PLANNED_VISIT = Dimension(
    name="planned_visit",
    grain="one visit that the protocol plans",
    endpoint="plannedVisit",
    natural_key=(Column("planned_visit_accession", "ImmPort's accession of the visit, PV..."),),
    columns=(
        Column("name", "Name of the visit"),
        Column("order_number", "Position among the visits", INTEGER),
        Column("min_start_day", "Earliest day of the visit", NUMERIC, unit="days"),
        Column("max_start_day", "Latest day of the visit", NUMERIC, unit="days"),
        Column("start_rule", "What starts the visit"),
        Column("end_rule", "What ends the visit"),
        Column(
            "period_accession", "ImmPort's accession of the period of the visit; known from packages only"
        ),
        Column("period_name", "Name of that period; known from packages only"),
    ),
)

BIOSAMPLE = Dimension(
    name="biosample",
    grain="one biological sample",
    endpoint="biosample",
    is_numerous=True,
    natural_key=(Column("biosample_accession", "ImmPort's accession of the sample, BS..."),),
    columns=(
        Column("type", "Type of sample in ImmPort's words"),
        Column("subtype", "Type of sample in the submitter's words"),
        Column("name", "Name of the sample", source=S.biosample_name),
        Column("description", "Description of the sample; known from packages only"),
    ),
    references=(
        Reference("subject", (S.subject_accession,), "Subject the sample was taken from"),
        Reference("planned_visit", (S.planned_visit_accession,), "Visit at which it was taken"),
    ),
)

EXPERIMENT = Dimension(
    name="experiment",
    grain="one experiment of a study",
    endpoint="experiment",
    natural_key=(Column("experiment_accession", "ImmPort's accession of the experiment, EXP..."),),
    columns=(
        Column("name", "Name of the experiment"),
        Column("description", "Description of the experiment"),
        Column("purpose", f"What the experiment was for; {_UP_TO_DR16}"),
    ),
    references=(Reference("technique", (S.measurement_technique,), "Measurement technique"),),
)

EXPSAMPLE = Dimension(
    name="expsample",
    grain="one experiment sample",
    endpoint="expsample",
    is_numerous=True,
    natural_key=(Column("expsample_accession", "ImmPort's accession of the experiment sample, ES..."),),
    columns=(
        Column("name", "Name of the experiment sample", source=S.expsample_name),
        Column("result_schema", "Kind of result the sample was made for"),
        Column("description", "Description, of ELISPOT with the stimulation; known from packages only"),
        Column("declared_results", f"Results that ImmPort counted; {_UP_TO_DR16}",
               INTEGER, sql("nullif(btrim(", S.result_total_recs, "), '')::bigint"), "results"),
    ),
    references=(Reference("experiment", (S.experiment_accession,), "Experiment the sample belongs to"),),
)  # fmt: skip

STUDY_TIME = Dimension(
    name="study_time",
    grain="one time of collection relative to a time zero",
    natural_key=(
        Column("study_time_collected", "Time of collection", NUMERIC, unit="study_time_collected_unit"),
        Column("study_time_collected_unit", "Unit of that time"),
        Column("study_time_t0_event", "Event that is time zero"),
        Column("study_time_t0_event_specify", "That event in the submitter's words"),
    ),
    derived=(
        Derived("study_day", "Time of collection in days; null when the unit has no length", NUMERIC,
                _STUDY_DAY, "days"),
        Derived("window_label", "Window that the study day falls into", Type.TEXT,
                call("star.study_window", _STUDY_DAY)),
    ),
)  # fmt: skip

ANALYTE = Dimension(
    name="analyte",
    grain="one analyte as reported, with the preferred term ImmPort gave it",
    natural_key=(
        Column("analyte_accession", "ImmPort's accession of the preferred analyte, ANA..."),
        Column("analyte_preferred", "Preferred name of the analyte"),
        Column("analyte_reported", "Name as reported"),
    ),
)

VIRUS_STRAIN = Dimension(
    name="virus_strain",
    grain="one strain as reported, with the preferred term ImmPort gave it",
    natural_key=(
        Column("virus_strain_preferred", "Preferred name of the strain"),
        Column("virus_strain_reported", "Name as reported"),
    ),
    derived=(
        Derived("influenza_type", "Type of influenza virus that the names show: A, B, C or D; null where they"
                " show none", Type.TEXT, _by_names("star.influenza_type")),
        Derived("influenza_subtype", "Subtype (H1N1, H3N2) or lineage (B/Victoria, B/Yamagata) that the names"
                " state, else that of the reference strain they name; null where it is not known", Type.TEXT,
                _by_names("star.influenza_subtype")),
    ),
)  # fmt: skip

CELL_POPULATION = Dimension(
    name="cell_population",
    grain="one gated population as reported, with the preferred terms ImmPort gave it",
    natural_key=(
        Column("population_name_preferred", "Preferred name of the population"),
        Column("population_name_reported", "Name as reported"),
        Column("population_definition_preferred", "Preferred definition of the gates"),
        Column("population_definition_reported", "Definition of the gates as reported"),
    ),
)

UNIT = Dimension(
    name="unit",
    grain="one unit of measure",
    natural_key=(Column("unit", "Unit of measure"),),
    lookup=unit_lookup(call("star.unit_spelling", H.unit)),
    derived=(
        Derived("dimension", "What the unit measures; null for a unit that is not known", Type.TEXT,
                U.dimension),
        Derived("canonical_unit", "The unit that values of the dimension are converted to", Type.TEXT,
                U.canonical_unit),
        Derived("factor", "Canonical value: (value - unit_offset) * factor / divisor", NUMERIC, U.factor),
        Derived("divisor", "Its divisor", NUMERIC, U.divisor),
        Derived("unit_offset", "Its offset, of temperatures", NUMERIC, U.unit_offset),
    ),
)  # fmt: skip
SPECIES = Dimension("species", "one species", natural_key=(Column("species", "Scientific name"),))
TECHNIQUE = Dimension(
    "technique",
    "one measurement technique",
    natural_key=(Column("measurement_technique", "Measurement technique"),),
)

#: Parents before children: members are made in this order, and so are locks taken.
IMMPORT_DIMENSIONS: tuple[Dimension, ...] = (
    SPECIES, TECHNIQUE, UNIT, ANALYTE, VIRUS_STRAIN, CELL_POPULATION, GENE, STUDY_TIME,
    *CLINICAL_TERMS,
    STUDY, ARM, SUBJECT, PARTICIPATION, PLANNED_VISIT, BIOSAMPLE, EXPERIMENT, EXPSAMPLE,
    *MATERIALS, *DOCUMENT_DIMENSIONS, FILE,
)  # fmt: skip
