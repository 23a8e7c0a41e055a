"""Small Tab packages made of a few tables, and their way into a warehouse."""

from __future__ import annotations

import secrets
import zipfile
from collections.abc import Mapping

from include.landing import Fetch
from include.pipeline.records import Load
from include.sources.immport import ENDPOINTS
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
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in tables.items():
            found = content if isinstance(content, bytes) else table(content)
            archive.writestr(f"{top}Tab/{item}.txt", found)
    landed = [landing.keep(fetch, name, spool, {})]
    for endpoint, rows in (beside or {}).items():
        landed.append(landing.receive(fetch, ENDPOINTS[endpoint], {}, [_body(rows)]))
    landing.write_manifest(fetch, landed, source="http://127.0.0.1", release_date="2026-01-01", started_at="")
    return warehouse.open_load(study, release, fetch.fetch_id)
