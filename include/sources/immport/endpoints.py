"""ImmPort Shared Data: all it offers. What belongs to a study, its results and the vocabularies have files of
their own; here are the searches, the services, and which endpoint is requested when.

Field names and their order are those of ImmPort's OpenAPI description (v1) and of answers seen.
"""

from __future__ import annotations

from include.sources.endpoint import Endpoint, Group, Shape, parse_fields
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from include.sources.immport.results import RESULT_ENDPOINTS
from include.sources.immport.studies import FILE_ENDPOINTS, STUDY_ENDPOINTS
from include.sources.package.package_endpoints import PACKAGE_ENDPOINTS

SEARCH = Endpoint(
    "search",
    "/api/search/study",
    parse_fields(
        "study_accession brief_title latest_data_release_version latest_data_release_date:date"
        " assay_method_count:list"
    ),
    ("study_accession",),
    "a shared study, with the release that last changed it",
    group=Group.SEARCH,
    shape=Shape.SEARCH,
    needs_key=False,
    quirks="A hyphen in term is an operator: status 400. fromRecord is said to start at 0; some clients count"
    " from 1.",
)

SUBJECT_SEARCH = Endpoint(
    "subjectSearch",
    "/api/search/subject",
    parse_fields(
        "study_accession subject_accession arm_name:list assay_method:list biosample_type:list clinical_trial"
        " condition_or_disease:list ethnicity sex has_assessment has_lab_test min_age race"
        " research_focus:list species"
    ),
    ("study_accession", "subject_accession"),
    "a subject of a shared study",
    group=Group.SEARCH,
    shape=Shape.SEARCH,
    needs_key=False,
    quirks="Deep pages may be refused: request study by study.",
)

RESTRICTED_STUDIES = Endpoint(
    "restrictedStudyAccessions",
    "/api/study/getRestrictedStudyAccessions",
    parse_fields("studyAccession"),
    ("studyAccession",),
    "a study that is not open to everybody",
    group=Group.SERVICE,
    shape=Shape.VALUES,
)

DRS_DOWNLOAD = Endpoint(
    "drsDownload",
    "/drs/download/{accessMethod}/{fileUUID}",
    parse_fields("message url status:int"),
    ("url",),
    "a signed address of a file",
    group=Group.SERVICE,
    quirks="s3 answers 403 for a file that is not there; stream says NoSuchKey.",
    shape=Shape.OBJECT,
)

#: Every endpoint that one study of the star is made of and that the API serves, in the order it is fetched.
SERVED: dict[str, Endpoint] = {item.name: item for item in (*STUDY_ENDPOINTS, *RESULT_ENDPOINTS)}

#: All that one study of the star is made of: the same, and the tables that only packages have.
ENDPOINTS: dict[str, Endpoint] = {**SERVED, **{item.name: item for item in PACKAGE_ENDPOINTS}}

#: Every endpoint of Shared Data.
SHARED_DATA: dict[str, Endpoint] = {
    item.name: item
    for item in (
        *STUDY_ENDPOINTS,
        *FILE_ENDPOINTS,
        *RESULT_ENDPOINTS,
        SEARCH,
        SUBJECT_SEARCH,
        RESTRICTED_STUDIES,
        DRS_DOWNLOAD,
        *LOOKUP_ENDPOINTS,
    )
}
