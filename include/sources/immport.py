"""ImmPort Shared Data: the study search, the eleven results and the study endpoints of the star.

Field names and their order are those of ImmPort's OpenAPI description (v1) and of answers seen.
"""

from __future__ import annotations

from include.sources.model import Endpoint, Shape, parse_fields

#: Columns that every subject-level study endpoint repeats on each row.
_SUBJECT = """
studyAccession briefTitle armAccession armName armDescription armTypeReported armTypePreferred
subjectAccession ageEvent ageEventSpecify ageUnit maxSubjectAge:num minSubjectAge:num
subjectPhenotype subjectLocation max_subject_age_in_years min_subject_age_in_years
ancestral_population subjectDescription ethnicity gender race raceSpecify species strain
strain_characteristics
"""
_BIOSAMPLE = """
biosampleAccession plannedVisitAccession biosampleName type subtype
"""

_YES_NO = ("Y", "N")
_SEX = ("Female", "Male", "Not Specified", "Not_Specified", "Other", "Unknown")


def _study(name: str, fields: str, key: str, about: str, **more: object) -> Endpoint:
    path = f"/api/study/{name}/{{study}}" if name != "study" else "/api/study/{study}"
    return Endpoint(name, path, parse_fields(fields), tuple(key.split()), about, **more)  # type: ignore[arg-type]


def _result(
    name: str, about: str, fields: str, key: str = "resultId", **vocabulary: tuple[str, ...]
) -> Endpoint:
    return Endpoint(
        name,
        f"/result/{name}",
        parse_fields(fields),
        (key,),
        about,
        study_parameter="studyAccession",
        vocabulary=vocabulary,
    )


SEARCH = Endpoint(
    "search",
    "/api/search/study",
    parse_fields(
        "study_accession brief_title latest_data_release_version latest_data_release_date:date"
        " assay_method_count:list"
    ),
    ("study_accession",),
    "a shared study, with the release that last changed it",
    shape=Shape.SEARCH,
    needs_key=False,
)

STUDY_ENDPOINTS = (
    _study(
        "study",
        """
        studyAccession actualCompletionDate:date actualEnrollment:int actualStartDate:date ageUnit
        briefDescription briefTitle clinicalTrial description dclId:int doi endpoints
        genderIncluded hypothesis initialDataReleaseDate:date initialDataReleaseVersion
        interventionAgent latestDataReleaseDate:date latestDataReleaseVersion maximumAge minimumAge
        objectives officialTitle sharedStudy sponsoringOrganization targetEnrollment:int
        """,
        "studyAccession",
        "the study itself",
        identifies="studyAccession",
        required=True,
        vocabulary={"clinicalTrial": _YES_NO},
    ),
    _study(
        "summary",
        """
        studyAccession doi title pi conditionStudied researchFocus briefDescription startDate:date
        detailedDescription objectives endpoints genderIncluded sexIncluded subjectsNumber:int
        downloadPackages contractGrant program dataCompleteness hypothesis sharedStudy
        interventionAgent initialDataReleaseDate:date initialDataReleaseVersion
        latestDataReleaseDate:date latestDataReleaseVersion studyLinks:list studyPubmeds:list
        studyPersonnel:list
        """,
        "studyAccession",
        "the study as its page presents it",
        shape=Shape.OBJECT,
    ),
    _study(
        "arm",
        "armAccession studyAccession description name typeReported typePreferred",
        "armAccession",
        "an arm or cohort",
        identifies="armAccession",
        required=True,
    ),
    _study(
        "demographic",
        _SUBJECT,
        "armAccession subjectAccession",
        "a subject in an arm",
        identifies="subjectAccession",
        required=True,
        vocabulary={"gender": _SEX},
    ),
    _study(
        "plannedVisit",
        """
        plannedVisitAccession studyAccession endRule maxStartDay:num minStartDay:num name
        orderNumber:int startRule
        """,
        "plannedVisitAccession",
        "a visit the protocol plans",
        identifies="plannedVisitAccession",
    ),
    _study(
        "biosample",
        _SUBJECT + _BIOSAMPLE,
        "armAccession biosampleAccession",
        "a biological sample, repeated per arm of its subject",
        identifies="biosampleAccession",
    ),
    _study(
        "experiment",
        "experimentAccession studyAccession measurementTechnique description name",
        "experimentAccession",
        "an experiment",
        identifies="experimentAccession",
    ),
    _study(
        "expsample",
        _SUBJECT
        + _BIOSAMPLE
        + """
        experimentAccession measurementTechnique experimentName expsampleAccession expsampleName
        resultSchema
        """,
        "armAccession biosampleAccession expsampleAccession",
        "an experiment sample, repeated per biosample and arm",
        identifies="expsampleAccession",
    ),
)

RESULT_ENDPOINTS = (
    _result(
        "elisa",
        "an ELISA result",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation analyteAccession
        analytePreferred analyteReported armAccession armName biosampleAccession biosampleType
        biosampleSubtype clinical comments ethnicity experimentAccession expsampleAccession gender
        maxSubjectAge:num measurementTechnique minSubjectAge:num plannedVisitAccession race
        raceSpecify repositoryAccession repositoryName species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit subjectAccession subjectPhenotype
        unitPreferred unitReported valuePreferred:num valueReported treatmentAccession
        studyTimeT0EventSpecify studyTimeT0Event
        """,
    ),
    _result(
        "elispot",
        "an ELISPOT result",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation analyteAccession
        analytePreferred analyteReported armAccession armName biosampleAccession biosampleType
        biosampleSubtype cellNumberPreferred:num cellNumberReported clinical comments ethnicity
        experimentAccession expsampleAccession gender maxSubjectAge:num measurementTechnique
        minSubjectAge:num plannedVisitAccession race raceSpecify repositoryAccession repositoryName
        species spotNumberPreferred:num spotNumberReported strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        subjectAccession subjectPhenotype treatmentAccession
        """,
    ),
    _result(
        "fcsAnalyzed",
        "a statistic of a gated cell population (flow or mass cytometry)",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation armAccession armName
        biosampleAccession biosampleType biosampleSubtype clinical comments ethnicity
        experimentAccession expsampleAccession gender maxSubjectAge:num measurementTechnique
        minSubjectAge:num parentPopulationPreferred parentPopulationReported
        populationDefnitionPreferred populationDefnitionReported populationNamePreferred
        populationNameReported populationStatUnitPreferred populationStatUnitReported
        populationStatisticPreferred:num populationStatisticReported plannedVisitAccession race
        raceSpecify repositoryAccession repositoryName species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        subjectAccession subjectPhenotype workspaceFileInfoId:int treatmentAccession
        """,
    ),
    _result(
        "hai",
        "a hemagglutination inhibition titre",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation armAccession armName
        biosampleAccession biosampleType biosampleSubtype clinical comments ethnicity
        experimentAccession expsampleAccession gender maxSubjectAge:num measurementTechnique
        minSubjectAge:num plannedVisitAccession race raceSpecify repositoryAccession repositoryName
        species strain studyAccession studyTitle studyTimeCollected:num studyTimeCollectedUnit
        studyTimeT0Event studyTimeT0EventSpecify subjectAccession subjectPhenotype unitPreferred
        unitReported valuePreferred:num valueReported virusStrainPreferred virusStrainReported
        treatmentAccession
        """,
    ),
    _result(
        "hlaTyping",
        "the two alleles of one HLA locus",
        """
        resultId:int allele1 allele2 ageEvent ageEventSpecify ageUnit ancestralPopulation
        armAccession armName biosampleAccession biosampleType biosampleSubtype clinical comments
        ethnicity experimentAccession expsampleAccession gender locusName maxSubjectAge:num
        measurementTechnique minSubjectAge:num plannedVisitAccession race raceSpecify
        repositoryAccession repositoryName resultSetId:int species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        subjectAccession subjectPhenotype treatmentAccession
        """,
    ),
    _result(
        "kirTyping",
        "a KIR typing result",
        """
        resultId:int allele1 allele2 ageEvent ageEventSpecify ageUnit ancestralPopulation
        armAccession armName biosampleAccession biosampleType biosampleSubtype clinical comments
        ethnicity experimentAccession expsampleAccession gender kirHaplotype maxSubjectAge:num
        measurementTechnique minSubjectAge:num plannedVisitAccession race raceSpecify
        repositoryAccession repositoryName species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        subjectAccession subjectPhenotype treatmentAccession
        """,
    ),
    _result(
        "massSpectrometryResult",
        "a mass spectrometry feature",
        """
        resultId:int armAccession biosampleAccession comments databaseIdPreferred
        databaseIdReported experimentAccession expsampleAccession intensity:num massSpectrometryType
        metaboliteNamePreferred metaboliteNameReported proteinNamePreferred proteinNameReported
        repositoryAccession repositoryName retentionTime:num retentionTimeUnit studyAccession
        studyTimeCollected:num studyTimeCollectedUnit subjectAccession workspaceId:int zcharge
        mzratio:num
        """,
    ),
    _result(
        "mbaa",
        "a multiplex bead array result, controls and standards included",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation analyteAccession
        analytePreferred analyteReported armAccession armName assayGroupId assayId
        biosampleAccession biosampleType biosampleSubtype clinical comments
        concentrationUnitPreferred concentrationUnitReported concentrationValuePreferred:num
        concentrationValueReported ethnicity experimentAccession gender maxSubjectAge:num
        measurementTechnique mfi mfiCoordinate minSubjectAge:num plannedVisitAccession race
        raceSpecify repositoryAccession repositoryName species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        sourceAccession sourceType subjectAccession subjectPhenotype treatmentAccession
        """,
    ),
    _result(
        "neutAbTiter",
        "a virus neutralisation titre",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation armAccession armName
        biosampleAccession biosampleType biosampleSubtype clinical comments ethnicity
        experimentAccession expsampleAccession gender maxSubjectAge:num measurementTechnique
        minSubjectAge:num plannedVisitAccession race raceSpecify repositoryAccession repositoryName
        species strain studyAccession studyTitle studyTimeCollected:num studyTimeCollectedUnit
        studyTimeT0Event studyTimeT0EventSpecify subjectAccession subjectPhenotype unitPreferred
        unitReported valuePreferred:num valueReported virusStrainPreferred virusStrainReported
        treatmentAccession
        """,
    ),
    _result(
        "pcr",
        "a real-time PCR result",
        """
        resultId:int ageEvent ageEventSpecify ageUnit ancestralPopulation armAccession armName
        biosampleAccession biosampleType biosampleSubtype clinical comments ethnicity
        experimentAccession expsampleAccession gender geneId geneName analyteAccession
        geneSymbolReported geneSymbolPreferred maxSubjectAge:num measurementTechnique
        minSubjectAge:num otherGeneAccession plannedVisitAccession race raceSpecify
        repositoryAccession repositoryName species strain studyAccession studyTitle
        studyTimeCollected:num studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify
        subjectAccession subjectPhenotype unitPreferred unitReported valuePreferred:num
        valueReported treatmentAccession
        """,
    ),
    _result(
        "filePath",
        "a result file, repeated per experiment sample and biosample",
        """
        filePathId fileInfoId:int fileDetail filesizeBytes:int fileName originalFileName
        sourceType sourceAccession experimentAccession measurementTechnique studyAccession clinical
        studyTitle biosampleAccession biosampleType biosampleSubtype studyTimeCollected:num
        studyTimeCollectedUnit studyTimeT0Event studyTimeT0EventSpecify plannedVisitAccession
        subjectAccession ethnicity gender race raceSpecify species strain armAccession armName
        ageEvent ageEventSpecify ageUnit maxSubjectAge:num minSubjectAge:num subjectPhenotype
        filePath
        """,
        key="filePathId",
    ),
)

#: Every endpoint that one study is made of, in the order it is fetched.
ENDPOINTS: dict[str, Endpoint] = {item.name: item for item in (*STUDY_ENDPOINTS, *RESULT_ENDPOINTS)}

#: Where a field that names a parent has its home: `armAccession` belongs to `arm`.
HOMES: dict[str, str] = {item.identifies: item.name for item in STUDY_ENDPOINTS if item.identifies}


def references(endpoint: Endpoint) -> dict[str, str]:
    """Fields of an endpoint that must exist in another: field name to the endpoint that owns it."""
    return {name: HOMES[name] for name in endpoint.names if name in HOMES and HOMES[name] != endpoint.name}
