"""Small Tab packages made of a few tables, and their way into a warehouse."""

from __future__ import annotations

import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

from include.landing.zone import Fetch
from include.pipeline.run_ledger import Load
from include.sources.immport.endpoints import ENDPOINTS
from tests.support.warehouse import Study, Warehouse, _body

#: A table as it is in the package: header and rows of words, or the bytes themselves.
Tables = Mapping[str, str | bytes]


def table(text: str) -> bytes:
    """Lines of words as a table; a word of `-` is an empty cell, `_` in a word a blank."""
    header, *rows = (line.split() for line in text.strip().splitlines())
    cells = (["" if word == "-" else word.replace("_", " ") for word in row] for row in rows)
    return "".join("\t".join(line) + "\n" for line in (header, *cells)).encode()


#: One subject in two arms, one sample, two HAI results of one experiment sample.
SMALL: dict[str, str | bytes] = {
    "study": """
        STUDY_ACCESSION BRIEF_TITLE CLINICAL_TRIAL INITIAL_DATA_RELEASE_DATE CONDITION_STUDIED MINIMUM_AGE
        SDY1 A_study N 2013-09-30_00:00:00 influenza 18
        """,
    "arm_or_cohort": """
        ARM_ACCESSION NAME STUDY_ACCESSION TYPE_REPORTED
        ARM1 Arm_1 SDY1 Experimental
        ARM2 Arm_2 SDY1 -
        """,
    "arm_2_subject": """
        ARM_ACCESSION SUBJECT_ACCESSION AGE_UNIT MIN_SUBJECT_AGE MAX_SUBJECT_AGE
        ARM1 SUB1 Years 20 20
        ARM2 SUB1 Years 21 21
        """,
    "subject": """
        SUBJECT_ACCESSION GENDER SPECIES
        SUB1 Female Homo_sapiens
        """,
    "planned_visit": """
        PLANNED_VISIT_ACCESSION NAME STUDY_ACCESSION
        PV1 Day_0 SDY1
        """,
    "biosample": """
        BIOSAMPLE_ACCESSION NAME DESCRIPTION SUBJECT_ACCESSION TYPE PLANNED_VISIT_ACCESSION STUDY_ACCESSION
        BS1 - drawn_twice SUB1 Serum PV1 SDY1
        """,
    "experiment": """
        EXPERIMENT_ACCESSION NAME MEASUREMENT_TECHNIQUE STUDY_ACCESSION
        EXP1 - HAI SDY1
        """,
    "expsample": """
        EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION RESULT_SCHEMA DESCRIPTION RESULT_TOTAL_RECS
        ES1 EXP1 HAI with_H1 2
        """,
    "expsample_2_biosample": """
        EXPSAMPLE_ACCESSION BIOSAMPLE_ACCESSION
        ES1 BS1
        """,
    "hai_result": """
        RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION VALUE_REPORTED \
        EXPERIMENT_ACCESSION STUDY_ACCESSION VIRUS_STRAIN_REPORTED
        1 ARM2 BS1 SUB1 ES1 40 EXP1 SDY1 A/X/1
        2 ARM2 BS1 SUB1 ES1 <10 EXP1 SDY1 A/Y/2
        """,
}  # fmt: skip

#: A package with a row or more in each table that packages alone have.
FULL: dict[str, str | bytes] = {
    **SMALL,
    "expsample_2_biosample": """
        EXPSAMPLE_ACCESSION BIOSAMPLE_ACCESSION
        ES1 BS1
        ES1 BS2
        ES2 BS1
        """,
    "expsample": """
        EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION RESULT_SCHEMA
        ES1 EXP1 HAI
        ES2 EXP1 HAI
        ES3 EXP1 HAI
        """,
    "biosample": """
        BIOSAMPLE_ACCESSION SUBJECT_ACCESSION TYPE PLANNED_VISIT_ACCESSION STUDY_ACCESSION
        BS1 SUB1 Serum PV1 SDY1
        BS2 SUB1 Serum PV1 SDY1
        """,
    "treatment": """
        TREATMENT_ACCESSION NAME AMOUNT_VALUE AMOUNT_UNIT DURATION_VALUE DURATION_UNIT COMMENTS
        TRT1 PMA about_5 ng/ml 16.0 Hours overnight
        """,
    "expsample_2_treatment": """
        EXPSAMPLE_ACCESSION TREATMENT_ACCESSION
        ES1 TRT1
        """,
    "biosample_2_treatment": """
        BIOSAMPLE_ACCESSION TREATMENT_ACCESSION
        BS2 TRT1
        BS2 TRT2
        """,
    "reagent": """
        REAGENT_ACCESSION NAME IS_SET ANALYTE_REPORTED ANALYTE_PREFERRED DETECTOR_NAME CONTACT
        ESR1 kit Y - - - nobody
        ESR2 anti-IL-2 N IL-2 ANA148 JES6 nobody
        """,
    "lk_analyte": """
        ANALYTE_ACCESSION GENE_SYMBOL
        ANA148 IL2
        """,
    "expsample_2_reagent": """
        EXPSAMPLE_ACCESSION REAGENT_ACCESSION
        ES1 ESR1
        """,
    "reagent_set_2_reagent": """
        REAGENT_SET_ACCESSION REAGENT_ACCESSION
        ESR1 ESR2
        """,
    "mbaa_result": """
        RESULT_ID SOURCE_ACCESSION SOURCE_TYPE EXPERIMENT_ACCESSION STUDY_ACCESSION ANALYTE_REPORTED
        11 CS1 CONTROL_SAMPLE EXP1 SDY1 IL-2
        12 SC1 STANDARD_CURVE EXP1 SDY1 IL-2
        13 ES1 EXPSAMPLE EXP1 SDY1 IL-2
        14 CS9 CONTROL_SAMPLE EXP1 SDY1 IL-2
        15 - CONTROL_SAMPLE EXP1 SDY1 IL-2
        """,
    "control_sample": """
        CONTROL_SAMPLE_ACCESSION EXPERIMENT_ACCESSION ASSAY_ID SOURCE DILUTION_FACTOR
        CS1 EXP1 P1 Bench 1:2
        """,
    "control_sample_2_file_info": """
        CONTROL_SAMPLE_ACCESSION FILE_INFO_ID RESULT_SCHEMA
        CS1 7 MBAA
        """,
    "standard_curve": """
        STANDARD_CURVE_ACCESSION EXPERIMENT_ACCESSION ANALYTE_REPORTED LOWER_LIMIT LOWER_LIMIT_UNIT \
        UPPER_LIMIT
        SC1 EXP1 IL-2 3.20 pg/ml >10000
        """,
    "standard_curve_2_file_info": """
        STANDARD_CURVE_ACCESSION FILE_INFO_ID RESULT_SCHEMA
        SC1 7 MBAA
        """,
    "expsample_public_repository": """
        EXPSAMPLE_ACCESSION REPOSITORY_NAME REPOSITORY_ACCESSION
        ES1 GEO GSM1
        ES1 SRA SRX1
        """,
    "fcs_header": """
        FCS_HEADER_ID EXPSAMPLE_ACCESSION FILE_INFO_ID FCS_FILE_NAME NUMBER_OF_EVENTS PANEL_REPORTED
        5 ES1 8 a.fcs 1500000 FSC-A|CD3
        """,
    "fcs_header_marker": """
        FCS_HEADER_ID PARAMETER_NUMBER PNN_REPORTED PNS_REPORTED
        5 1 FSC-A -
        5 2 B530-A CD3
        """,
    "fcs_analyzed_result": """
        RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION \
        EXPERIMENT_ACCESSION STUDY_ACCESSION POPULATION_NAME_REPORTED
        21 ARM1 BS1 SUB1 ES1 EXP1 SDY1 Tfh
        """,
    "fcs_analyzed_result_marker": """
        FCS_ANALYZED_RESULT_MARKER_ID FCS_ANALYZED_RESULT_ID POPULATION_MARKER_REPORTED \
        POPULATION_MARKER_PREFERRED
        1 21 CD3+ -
        2 21 CD44_high -
        3 21 CD45-RA- CD45RA-
        4 21 B220 -
        """,
    "rna_seq_result": """
        RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION \
        EXPERIMENT_ACCESSION STUDY_ACCESSION REFERENCE_TRANSCRIPT_ID VALUE_REPORTED RESULT_UNIT_REPORTED \
        TRANSCRIPT_TYPE_REPORTED
        31 ARM1 BS1 SUB1 ES2 EXP1 SDY1 ENST1 7.5 FPKM mRNA
        """,
    "protocol": """
        PROTOCOL_ACCESSION NAME
        PTL1 Bleeding
        """,
    "experiment_2_protocol": """
        EXPERIMENT_ACCESSION PROTOCOL_ACCESSION
        EXP1 PTL1
        """,
    "lab_test_panel_2_protocol": """
        LAB_TEST_PANEL_ACCESSION PROTOCOL_ACCESSION
        LP1 PTL1
        """,
    "assessment_2_file_info": """
        ASSESSMENT_PANEL_ACCESSION FILE_INFO_ID RESULT_SCHEMA
        AP1 9 OTHER
        """,
    "study_2_panel": """
        STUDY_ACCESSION PANEL_NAME
        SDY1 demographics
        """,
    "study_categorization": """
        STUDY_CATEGORIZATION_ID RESEARCH_FOCUS STUDY_ACCESSION
        80 Immune_Response SDY1
        81 Vaccine_Response SDY1
        """,
}


def write_package(path: Path, tables: Tables, top: str = "") -> None:
    """Write a package of these tables, within a folder `top` (with its slash) if one is given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in tables.items():
            found = content if isinstance(content, bytes) else table(content)
            archive.writestr(f"{top}Tab/{item}.txt", found)


def land_tables(
    warehouse: Warehouse,
    tables: Tables,
    release: str = "DR1",
    study: str = "SDY1",
    *,
    name: str | None = None,
    top: str = "",
    beside: Study | None = None,
) -> Load:
    """Land a package of these tables, with answers of the API beside it, and open the load."""
    landing = warehouse.tools.landing
    fetch = Fetch(study, release, f"fetch-{secrets.token_hex(4)}")
    name = name or f"{study}-{release}_Tab.zip"
    spool = landing.spool(fetch, name)
    write_package(spool, tables, top)
    landed = [landing.keep(fetch, name, spool, {})]
    for endpoint, rows in (beside or {}).items():
        landed.append(landing.receive(fetch, ENDPOINTS[endpoint], {}, [_body(rows)]))
    landing.write_manifest(fetch, landed, source="http://127.0.0.1", release_date="2026-01-01", started_at="")
    return warehouse.open_load(study, release, fetch.fetch_id)
