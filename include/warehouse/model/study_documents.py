"""What describes a study: persons, protocols, publications, grants and programs, and bridges to them."""

from __future__ import annotations

from include.sql import Expression, call, sql
from include.warehouse.model.common_columns import FILE_COLUMNS, bridge_key, file_bridge_key, number
from include.warehouse.model.declaration import Bridge, Column, Dimension, S, Type, weight
from include.warehouse.model.relations import Reference

INTEGER, DATE = Type.INTEGER, Type.DATE


def _day(name: str) -> Expression:
    return sql(number(name), "::date")


PERSON = Dimension(
    name="person",
    grain="one person who took part in a study, as that study names it",
    endpoint="personnel",
    natural_key=(Column("person_accession", "ImmPort's accession of the person in that study, PSN..."),),
    columns=(
        Column("honorific", "Title before the name"),
        Column("first_name", "First name"),
        Column("last_name", "Last name"),
        Column("suffixes", "What follows the name"),
        Column("organization", "Organization"),
        Column("email", "E-mail address", is_masked=True),
    ),
)

PROTOCOL = Dimension(
    name="protocol",
    grain="one protocol",
    endpoint="protocol",
    shared=True,
    natural_key=(Column("protocol_accession", "ImmPort's accession of the protocol, PTL..."),),
    columns=(
        Column("name", "Name of the protocol"),
        Column("type", "Kind of protocol"),
        Column("description", "Description of the protocol"),
        Column("file_name", "Name of its file, which dim_file has with the protocol's accession"),
        Column("original_file_name", "Name of the file as it was submitted"),
    ),
)

PUBLICATION = Dimension(
    name="publication",
    grain="one publication, whatever number of studies name it",
    endpoint="pubmed",
    shared=True,
    natural_key=(Column("pubmed_id", "PubMed's number of the publication"),),
    columns=(
        Column("title", "Title"),
        Column("authors", "Authors, as PubMed lists them"),
        Column("journal", "Journal"),
        Column("year", "Year of publication, as sent"),
        Column("month", "Month of publication, as sent"),
        Column("issue", "Volume and issue"),
        Column("pages", "Pages"),
        Column("doi", "Digital object identifier"),
    ),
)

PROGRAM = Dimension(
    name="program",
    grain="one funding program, whatever number of grants and studies belong to it",
    endpoint="contract",
    shared=True,
    natural_key=(Column("program_id", "ImmPort's number of the program", INTEGER, number("program_id")),),
    columns=(
        Column("name", "Name of the program", source=S.program_name),
        Column("short_name", "Short name", source=S.program_short_name),
        Column("category", "Kind of program", source=S.program_category),
        Column("description", "Description of the program", source=S.program_description),
        Column("link", "Page of the program", source=S.program_link),
        Column("start_date", "Day it began", DATE, _day("program_start_date")),
        Column("end_date", "Day it ended", DATE, _day("program_end_date")),
    ),
)

GRANT = Dimension(
    name="grant",
    grain="one grant or contract, whatever number of studies it paid for",
    endpoint="contract",
    shared=True,
    natural_key=(
        Column(
            "contract_grant_id", "ImmPort's number of the grant or contract", INTEGER,
            number("contract_grant_id"),
        ),
    ),
    columns=(
        Column("external_id", "Number the funding agency gave it"),
        Column("name", "Name of the grant", source=S.contract_grant_name),
        Column("category", "Kind of grant", source=S.contract_grant_category),
        Column("description", "Description of the grant", source=S.contract_grant_description),
        Column(
            "keywords",
            "Keywords of the grant; known from packages up to DR16 only",
            source=S.contract_grant_keywords,
        ),
        Column("link", "Page of the grant", source=S.contract_grant_link),
        Column("start_date", "Day it began", DATE, _day("contract_grant_start_date")),
        Column("end_date", "Day it ended", DATE, _day("contract_grant_end_date")),
    ),
)  # fmt: skip

DOCUMENT_DIMENSIONS: tuple[Dimension, ...] = (PERSON, PROTOCOL, PUBLICATION, PROGRAM, GRANT)

STUDY_CONDITION = Bridge(
    name="study_condition",
    grain="one condition of one study, as reported",
    endpoint="condition",
    row_id=Column("condition_reported", "Condition as reported"),
    references=(
        Reference("disease", (S.condition_preferred, S.condition_reported), "The condition as a disease"),
    ),
    columns=(Column("condition_preferred", "Condition in ImmPort's words"),),
    derived=(weight("conditions of the study", "study_key"),),
)

STUDY_CRITERION = Bridge(
    name="study_criterion",
    grain="one criterion by which a study takes subjects or does not",
    endpoint="inclusionExclusion",
    row_id=Column("criterion_accession", "ImmPort's accession of the criterion, CRIT..."),
    columns=(
        Column("criterion_category", "Inclusion or exclusion"),
        Column("criterion", "The criterion"),
    ),
)

STUDY_PERSONNEL = Bridge(
    name="study_personnel",
    grain="one person's part in one study",
    endpoint="personnel",
    row_id=Column("person_accession", "ImmPort's accession of the person in that study"),
    references=(Reference("person", (S.person_accession,), "The person"),),
    columns=(
        Column("role_in_study", "Role"),
        Column("title_in_study", "Title"),
        Column("site_name", "Site"),
    ),
)

STUDY_GRANT = Bridge(
    name="study_grant",
    grain="one grant of one study with one of the grant's programs; a grant of no program has one row",
    endpoint="contract",
    row_id=Column(
        "grant_program_id",
        "Numbers of the grant and of the program, with a stroke between",
        source=sql(number("contract_grant_id"), " || '/' || ", call("coalesce", number("program_id"), "''")),
    ),
    references=(
        Reference("grant", (number("contract_grant_id"),), "The grant"),
        Reference("program", (number("program_id"),), "The program"),
    ),
    derived=(weight("grants and programs of the study", "study_key"),),
)

STUDY_PUBMED = Bridge(
    name="study_pubmed",
    grain="one publication of one study",
    endpoint="pubmed",
    row_id=Column("pubmed_id", "PubMed's number of the publication"),
    references=(Reference("publication", (S.pubmed_id,), "The publication"),),
)

STUDY_PROTOCOL = Bridge(
    name="study_protocol",
    grain="one protocol of one study",
    endpoint="protocol",
    row_id=Column("protocol_accession", "ImmPort's accession of the protocol"),
    references=(Reference("protocol", (S.protocol_accession,), "The protocol"),),
)

STUDY_LINK = Bridge(
    name="study_link",
    grain="one link from a study to a page about it",
    endpoint="link",
    row_id=Column("study_link_id", "ImmPort's number of the link", INTEGER),
    columns=(
        Column("name", "Text of the link"),
        Column("type", "Kind of link"),
        Column("value", "Address"),
    ),
)

STUDY_FILE = Bridge(
    name="study_file",
    grain="one study file, as the study describes it",
    endpoint="file",
    row_id=Column("study_file_accession", "ImmPort's accession of the study file, also in dim_file"),
    columns=(
        Column("study_file_type", "Kind of study file"),
        Column("description", "What is in it"),
        Column("file_name", "Name of the file"),
    ),
)

STUDY_RESEARCH_FOCUS = Bridge(
    name="study_research_focus",
    grain="one research focus of one study; dim_study has them in one text, by either route",
    endpoint="study_categorization",
    row_id=Column("study_categorization_id", "ImmPort's number of the row", INTEGER),
    columns=(Column("research_focus", "Research focus"),),
    derived=(weight("research focuses of the study", "study_key"),),
)

STUDY_PANEL = Bridge(
    name="study_panel",
    grain="one part of the page that ImmPort shows of one study",
    endpoint="study_2_panel",
    row_id=Column(
        "study_panel",
        "Accession of the study and name of the part, with a stroke between",
        source=sql(S.study_accession, " || '/' || ", S.panel_name),
    ),
    columns=(Column("panel_name", "Name of the part"),),
)

EXPERIMENT_PROTOCOL = Bridge(
    name="experiment_protocol",
    grain="one protocol of one experiment",
    endpoint="experiment_2_protocol",
    row_id=bridge_key("experiment", "protocol"),
    references=(
        Reference("experiment", (S.experiment_accession,), "The experiment"),
        Reference("protocol", (S.protocol_accession,), "The protocol"),
    ),
)

LAB_PANEL_PROTOCOL = Bridge(
    name="lab_panel_protocol",
    grain="one protocol of one panel of lab tests",
    endpoint="lab_test_panel_2_protocol",
    row_id=bridge_key("lab_test_panel", "protocol"),
    references=(Reference("protocol", (S.protocol_accession,), "The protocol"),),
    columns=(Column("lab_test_panel_accession", "ImmPort's accession of the panel, also in fact_lab_test"),),
)

ASSESSMENT_FILE = Bridge(
    name="assessment_file",
    grain="one file of one panel of assessed components",
    endpoint="assessment_2_file_info",
    row_id=file_bridge_key("assessment_panel"),
    columns=(
        Column("assessment_panel_accession", "ImmPort's accession of the panel, also in fact_assessment"),
        *FILE_COLUMNS,
    ),
    may_shrink=True,
)

BRIDGES: tuple[Bridge, ...] = (
    STUDY_CONDITION, STUDY_CRITERION, STUDY_PERSONNEL, STUDY_GRANT, STUDY_PUBMED, STUDY_PROTOCOL,
    STUDY_LINK, STUDY_FILE, STUDY_RESEARCH_FOCUS, STUDY_PANEL, EXPERIMENT_PROTOCOL, LAB_PANEL_PROTOCOL,
    ASSESSMENT_FILE,
)  # fmt: skip
