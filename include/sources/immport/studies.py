"""What ImmPort Shared Data serves of a study besides its results: arms, people, samples, documents, files.

Field names and their order are those of ImmPort's OpenAPI description (v1) and of answers seen.
"""

from __future__ import annotations

from typing import Any

from include.sources.endpoint import Endpoint, Shape, Withholds, parse_fields

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


def _study(name: str, fields: str, key: str, about: str, **more: Any) -> Endpoint:
    path = f"/api/study/{name}/{{study}}" if name != "study" else "/api/study/{study}"
    return Endpoint(name, path, parse_fields(fields), tuple(key.split()), about, **more)


def _files(name: str, path: str, about: str) -> Endpoint:
    """A part of the manifest, shorter: ImmPort has four of them."""
    fields = "fileDetailsId:int generatedMD5 studyAccession fileType fileAccession fileName path"
    return Endpoint(name, path, parse_fields(fields), ("fileDetailsId",), about)


#: What the star is made of, with the results: fetched for each release of a study.
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
        quirks="An array of one. Ages are text with blanks before. Its release may be older than its files.",
        of_package=parse_fields("type"),
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
        withholds=Withholds.ITSELF,
        shape=Shape.OBJECT,
        unpackaged=frozenset({"downloadPackages", "studyLinks", "studyPubmeds", "studyPersonnel"}),
        quirks="The only answer that is an object, not an array.",
    ),
    _study(
        "arm",
        "armAccession studyAccession description name typeReported typePreferred",
        "armAccession",
        "an arm or cohort",
        identifies="armAccession",
        required=True,
        of_package=parse_fields("populationSelectionRule"),
    ),
    _study(
        "demographic",
        _SUBJECT,
        "armAccession subjectAccession",
        "a subject in an arm",
        identifies="subjectAccession",
        required=True,
        vocabulary={"gender": _SEX},
        quirks="Ages belong to the subject in its arm, not to the subject. A pool is one subject.",
        of_package=parse_fields("studyEnrollmentDay:num"),
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
        of_package=parse_fields("periodAccession periodName"),
    ),
    _study(
        "biosample",
        _SUBJECT + _BIOSAMPLE,
        "armAccession biosampleAccession",
        "a biological sample, repeated per arm of its subject",
        identifies="biosampleAccession",
        of_package=parse_fields("description"),
    ),
    _study(
        "experiment",
        "experimentAccession studyAccession measurementTechnique description name",
        "experimentAccession",
        "an experiment",
        identifies="experimentAccession",
        of_package=parse_fields("purpose"),
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
        of_package=parse_fields("description resultTotalRecs:int"),
        quirks="A package declares the number of its results; most older ones agree.",
    ),
    _study(
        "adverseEvent",
        """
        adverseEventAccession studyAccession subjectAccession causality description
        endStudyDay:num endTime locationOfReactionPreferred locationOfReactionReported
        namePreferred nameReported organOrBodySystemPreferred organOrBodySystemReported
        otherActionTaken outcomePreferred outcomeReported relationToNonstudyTreatment
        relationToStudyTreatment severityReported severityPreferred startStudyDay:num
        startTime studyTreatmentActionTaken
        """,
        "adverseEventAccession",
        "an adverse event of a subject",
        of_package=parse_fields("isSeriousEvent"),
    ),
    _study(
        "assessment",
        _SUBJECT
        + """
        assessmentPanelAccession assessmentType assessmentPanelNamePreferred
        assessmentPanelNameReported resultSchema status assessmentComponentAccession
        ageAtOnsetPreferred ageAtOnsetReported ageAtOnsetUnitPreferred
        ageAtOnsetUnitReported isClinicallySignificant locationOfFindingPreferred
        locationOfFindingReported assessmentComponentNamePreferred
        assessmentComponentNameReported organOrBodySystemPreferred organOrBodySystemReported
        plannedVisitAccession referenceRangeAccession resultUnitPreferred resultUnitReported
        resultValueCategory resultValuePreferred resultValueReported studyDay
        subjectPositionPreferred subjectPositionReported timeOfDay verbatimQuestion
        whoIsAssessed
        """,
        "armAccession assessmentComponentAccession",
        "an assessed component of a subject, repeated per arm",
    ),
    _study(
        "condition",
        "studyAccession conditionReported conditionPreferred",
        "conditionReported",
        "a condition or disease studied",
        withholds=Withholds.ITSELF,
        quirks="Older packages name one condition in the study itself.",
    ),
    _study(
        "contract",
        """
        studyAccession contractGrantId:int contractGrantCategory contractGrantDescription
        contractGrantEndDate:date externalId contractGrantLink contractGrantName
        contractGrantStartDate:date programId:int programCategory programDescription
        programEndDate:date programLink programName programShortName programStartDate:date
        """,
        "contractGrantId programId",
        "a grant or contract and its program",
        withholds=Withholds.ITSELF,
        quirks="A grant may belong to several programs, a program to many studies.",
        of_package=parse_fields("contractGrantKeywords"),
    ),
    _study(
        "file",
        "studyFileAccession studyAccession studyFileType description fileName",
        "studyFileAccession",
        "a study file",
        withholds=Withholds.ITSELF,
    ),
    _study(
        "immuneExposure",
        _SUBJECT
        + """
        exposureAccession diseaseOntologyId diseasePreferred diseaseReported
        diseaseStagePreferred diseaseStageReported exposureMaterialId
        exposureMaterialPreferred exposureMaterialReported exposureProcessPreferred
        exposureProcessReported
        """,
        "armAccession exposureAccession",
        "an exposure of a subject in an arm to what its immune system meets",
    ),
    _study(
        "inclusionExclusion",
        "criterionAccession criterionCategory criterion",
        "criterionAccession",
        "a criterion of inclusion or exclusion",
        withholds=Withholds.ITSELF,
        quirks="No studyAccession in its rows.",
    ),
    _study(
        "intervention",
        _SUBJECT
        + """
        interventionAccession compoundNameReported compoundRole dose doseFreqPerInterval
        doseReported doseUnits duration durationUnit endDay endTime formulation isOngoing
        namePreferred nameReported reportedIndication routeOfAdminPreferred
        routeOfAdminReported startDay startTime status
        """,
        "armAccession interventionAccession",
        "an intervention in a subject, repeated per arm",
    ),
    _study(
        "labtest",
        _SUBJECT
        + """
        labTestPanelAccession labTestPanelNamePreferred labTestPanelNameReported
        labTestAccession biosampleAccession labTestNamePreferred labTestNameReported
        resultUnitPreferred resultUnitReported resultValuePreferred:num resultValueReported
        plannedVisitAccession
        """,
        "armAccession labTestAccession",
        "a lab test of a biosample, repeated per arm of its subject",
    ),
    _study(
        "link",
        "studyLinkId:int studyAccession name type value",
        "studyLinkId",
        "a link to a page about the study",
        withholds=Withholds.ITSELF,
    ),
    _study(
        "manifest",
        """
        fileDetailsId:int workspaceId:int reportedMD5 generatedMD5 studyAccession
        filesizeBytes:int fileType fileAccession fileName path dateFileUpdated:date fileUUID
        drsObjectCreated aigeneratedKeywords aigeneratedSummary
        """,
        "fileUUID",
        "a file that can be downloaded, by its UUID",
        withholds=Withholds.ITSELF,
        is_packaged=False,
        quirks="May repeat a file. dateFileUpdated is days before the release. Other bytes have "
        "another UUID.",
    ),
    _study(
        "personnel",
        """
        personAccession studyAccession roleInStudy siteName email firstName honorific
        lastName organization suffixes titleInStudy
        """,
        "personAccession",
        "a person who took part",
        withholds=Withholds.ITSELF,
    ),
    _study(
        "protocol",
        "studyAccession protocolAccession type description fileName name originalFileName",
        "protocolAccession",
        "a protocol",
        withholds=Withholds.ITSELF,
    ),
    _study(
        "pubmed",
        "pubmedId studyAccession authors doi issue journal month pages title year",
        "pubmedId",
        "a publication",
        withholds=Withholds.ITSELF,
    ),
)

#: Parts of the manifest once more: declared, and never requested.
FILE_ENDPOINTS = (
    _files("allFileDetails", "/api/study/filePath/{study}", "a file of any type, by its path"),
    _files("studyFileDetails", "/api/study/filePath/studyFiles/{study}", "a study file, by its path"),
    _files(
        "protocolFileDetails", "/api/study/filePath/protocolFiles/{study}", "a protocol file, by its path"
    ),
    _files("resultFileDetails", "/api/study/filePath/resultFiles/{study}", "a result file, by its path"),
)
