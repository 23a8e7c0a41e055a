"""The 45 vocabularies of ImmPort Shared Data, open to everybody.

ImmPort puts a stub before the terms of some: the name of the column they are for, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from include.sources.endpoint import Endpoint, Group, parse_fields

#: Vocabularies whose terms have a name, a description and a link.
_PLAIN = """
lkAdverseEventSeverity lkAgeEvent lkCellPopulationMarker lkCompoundRole lkCriterionCategory
lkDiseaseStage lkEthnicity lkExpMeasurementTech lkExposureProcess lkFileDetail lkSex
lkLabTestPanelName lkLocusName lkMassSpectrometryType lkPersonnelRole lkPlateType lkProtocolType
lkPublicRepository lkRace lkReagentType lkResearchFocus lkSampleType lkSourceType lkStudyFileType
lkSubjectLocation lkT0Event lkTimeUnit lkTranscriptType
"""

#: The others, with their fields.
_FURTHER = {
    "lkAnalyte": """
        analyteAccession geneSymbol geneAliases geneId geneticNomenclatureId immunologySymbol link
        officialGeneName proteinOntologyId proteinOntologyName proteinOntologySynonyms taxonomyId
        uniprotEntry uniprotEntryName
        """,
    "lkAncestralPopulation": "name abbreviation description link",
    "lkCellPopulation": "name comments definition description link",
    "lkDataCompleteness": "id:int description",
    "lkDisease": "name description link diseaseOntologyId",
    "lkExposureMaterial": "name description link exposureMaterialId",
    "lkExpsampleResultSchema": "name description tableName",
    "lkHmdb": "hmdbId name description link",
    "lkLabTestName": "name cdiscLabTestCode description labTestPanelName link",
    "lkOrganization": "name link",
    "lkProteinName": "name uniprot_id uniprot_gene_name description link",
    "lkSpecies": "name commonName link taxonomyId",
    "lkStudyPanel": "name collapsible description displayName sortOrder:int visible",
    "lkUnitOfMeasure": "name description link type",
    "lkUserRoleType": "name description",
    "lkVirusStrain": "name centerIdNameSeasonList description link seasonList taxonomyId:int virusName",
    "lkVisibilityCategory": "name description",
}

#: Where the name does not identify a term.
_KEYS = {"lkAnalyte": "analyteAccession", "lkDataCompleteness": "id", "lkHmdb": "hmdbId"}


def _lookup(name: str, fields: str) -> Endpoint:
    return Endpoint(
        name,
        f"/api/lookup/{name}",
        parse_fields(fields),
        (_KEYS.get(name, "name"),),
        "a term",
        group=Group.VOCABULARY,
        needs_key=False,
    )


LOOKUP_ENDPOINTS = tuple(
    _lookup(name, fields)
    for name, fields in sorted({**dict.fromkeys(_PLAIN.split(), "name description link"), **_FURTHER}.items())
)


_COLUMN = r"[a-z]+(_[a-z]+)+"
_STUB = re.compile(rf"{_COLUMN}(\s*;\s*{_COLUMN})*")


def is_stub(row: Mapping[str, object]) -> bool:
    """Whether a row is the header-like one: names of columns (`severity_preferred`), all else empty."""
    filled = [str(value) for value in row.values() if value not in (None, "")]
    return len(filled) == 1 and _STUB.fullmatch(filled[0]) is not None
