"""Small vocabularies: those terms the synthetic world uses, and made-up ones where it uses none."""

from __future__ import annotations

from collections.abc import Iterator

from include.sandbox.gene_lists.synthetic_lists import ENTREZ
from include.sandbox.row import Row
from include.sandbox.synthetic.assays import ASSAYS
from include.sources.endpoint import Endpoint, Field, Kind

#: The column whose name ImmPort puts before the terms of a vocabulary, as seen in 2021.
_STUBS = {
    "lkAdverseEventSeverity": "severity_preferred",
    "lkCellPopulation": "population_name_preferred",
    "lkDisease": "disease_preferred ;\ndisease_ontology_id",
    "lkDiseaseStage": "disease_stage_preferred",
    "lkExposureMaterial": "exposure_material_preferred ;\nexposure_material_id",
    "lkExposureProcess": "exposure_process_preferred",
    "lkLabTestName": "name_preferred",
    "lkLabTestPanelName": "name_preferred",
    "lkTranscriptType": "transcript_preferred",
    "lkUnitOfMeasure": "unit_of_measure_preferred",
    "lkVirusStrain": "virus_strain_preferred",
}
#: Markers of the populations that are counted, with the accessions that ImmPort published.
_MARKERS = {
    "CD3": "ANA809",
    "CD4": "ANA41",
    "CD8": "ANA810",
    "CD19": "ANA805",
    "CD27": "ANA40",
    "CD38": "ANA808",
}
#: Symbols of what the assays measure, with their accessions.
_ANALYTES = _MARKERS | {
    feature[1]: feature[-1]
    for assay in ASSAYS.values()
    for feature in assay.features
    if feature[-1].startswith("ANA")
}
_TERMS = {
    "lkAdverseEventSeverity": "Grade 1 Mild Adverse Event|Grade 2 Moderate Adverse Event|Not Specified",
    "lkAgeEvent": "Age at Study Day 0|Age at enrollment|Age at infection|Other",
    "lkAnalyte": "|".join(sorted(_ANALYTES)),
    "lkCellPopulationMarker": "dead|singlet|viable",
    "lkCellPopulation": "CD4-positive, alpha-beta T cell|CD8-positive, alpha-beta T cell|plasmablast",
    "lkCompoundRole": "Concomitant Medication|Intervention|Other|Substance Use",
    "lkCriterionCategory": "Exclusion|Inclusion",
    "lkDataCompleteness": "as received|curated|curated and complete",
    "lkDisease": "influenza|liver cancer",
    "lkEthnicity": "Hispanic or Latino|Not Hispanic or Latino|Not Specified|Other",
    "lkExpMeasurementTech": "|".join(sorted({assay.technique for assay in ASSAYS.values()})),
    "lkExposureMaterial": "Influenza vaccine",
    "lkExposureProcess": "no exposure|vaccination",
    "lkExpsampleResultSchema": "|".join(sorted({assay.schema for assay in ASSAYS.values()})),
    "lkFileDetail": "|".join(sorted({f"{assay.technique} result" for assay in ASSAYS.values()})),
    "lkLabTestName": "Hemoglobin|Leukocytes",
    "lkLabTestPanelName": "Complete blood count panel",
    "lkLocusName": "HLA-A|HLA-B|HLA-DRB1",
    "lkOrganization": "Sandbox",
    "lkPersonnelRole": "Co-Principal Investigator|Principal Investigator|Statistician",
    "lkProtocolType": "Assay|Bio Sample Preparation|Study",
    "lkRace": "Asian|Black or African American|Not Specified|Other|Unknown|White",
    "lkResearchFocus": "Immune Response|Vaccine Response",
    "lkSampleType": "|".join(sorted({assay.sample[0] for assay in ASSAYS.values()})),
    "lkSex": "Female|Male|Not Specified|Other|Unknown",
    "lkSourceType": "CONTROL SAMPLE|EXPSAMPLE|STANDARD CURVE",
    "lkSpecies": "Homo sapiens|Mus musculus",
    "lkStudyFileType": "Data Dictionary|Study Data",
    "lkT0Event": "Not Specified|Time of initial vaccine administration",
    "lkTimeUnit": "Days|Hours|Months|Weeks|Years",
    "lkTranscriptType": "lincRNA|mRNA",
    "lkUnitOfMeasure": "Antibody titer|Ct|percentage|pg/mL",
    "lkVirusStrain": "A/California/07/2009|A/Perth/16/2009|B/Brisbane/60/2008",
}

#: Species, and the taxonomy ids that all of them have in lkAnalyte, too: the synthetic subjects are human.
_TAXA = {"Homo sapiens": "9606", "Mus musculus": "10090"}
_COMMON = {"Homo sapiens": "Human", "Mus musculus": "Mouse"}


def terms(endpoint: Endpoint, place: int = 0) -> Iterator[Row]:
    """The terms of a vocabulary at a release, as the API shows them.

    :param place: index of the release; a third of the vocabularies change at the third.
    """
    return with_stub(endpoint, plain_terms(endpoint, place))


def plain_terms(endpoint: Endpoint, place: int = 0) -> Iterator[Row]:
    """The same without a stub."""
    texts = _TERMS.get(endpoint.name, "first|second").split("|")
    revised = place > 1 and len(endpoint.name) % 3 == 0
    if revised:
        texts.append("added later")
    return (_term(endpoint, number, text, revised) for number, text in enumerate(texts))


def with_stub(endpoint: Endpoint, rows: Iterator[Row]) -> Iterator[Row]:
    """Terms after the row that ImmPort puts before those of some vocabularies."""
    if endpoint.name in _STUBS:
        empty = {field.name: "" if field.kind is Kind.TEXT else None for field in endpoint.fields}
        yield {**empty, endpoint.key[0]: _STUBS[endpoint.name]}
    yield from rows


def _term(endpoint: Endpoint, number: int, text: str, revised: bool) -> Row:
    wording = f"{text}, in other words" if revised and number == 0 else f"The term {text}"
    known = {
        "name": text,
        "geneSymbol": text,
        "immunologySymbol": text,
        "analyteAccession": _ANALYTES.get(text, f"ANA{1001 + number}"),
        "description": f"{wording}.",
        "link": f"https://sandbox.invalid/{endpoint.name}/{number + 1}" if number % 2 == 0 else None,
    }
    if text in ENTREZ:
        known["geneId"] = str(ENTREZ[text])
    if endpoint.name in ("lkAnalyte", "lkSpecies"):
        known |= {"commonName": _COMMON.get(text), "taxonomyId": _TAXA.get(text, _TAXA["Homo sapiens"])}
    return {field.name: known.get(field.name, _other(field, number, text)) for field in endpoint.fields}


def _other(field: Field, number: int, text: str) -> int | str | None:
    if field.kind is Kind.INTEGER:
        return number
    if field.name.endswith(("Accession", "Id", "_id")):
        return f"{field.column.partition('_')[0].upper()}{1001 + number}"
    return None if number % 2 else f"{field.name} of {text}"
