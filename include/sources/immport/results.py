"""The eleven assay results of ImmPort Shared Data; one answer holds all rows that pass the filters.

Field names and their order are those of ImmPort's OpenAPI description (v1) and of answers seen.
"""

from __future__ import annotations

from include.sources.endpoint import Endpoint, Withholds, parse_fields


def _result(
    name: str,
    about: str,
    fields: str,
    key: str = "resultId",
    quirks: str = "",
    of_package: str = "",
    withholds: Withholds = Withholds.STUDY,
) -> Endpoint:
    return Endpoint(
        name,
        f"/result/{name}",
        parse_fields(fields),
        (key,),
        about,
        study_parameter="studyAccession",
        of_package=parse_fields(of_package),
        # Whether a sample of two treatments has one row with both or one with each is nowhere documented.
        several=frozenset({"treatmentAccession"} & set(fields.split())),
        withholds=withholds,
        quirks=quirks,
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
        quirks="The documented parameter sex is answered with status 500. Older packages have a result in"
        " words, which may state a limit.",
        of_package="qualitativeResult isLimitKnown",
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
        quirks="What cells were stimulated with stands only in the description of the experiment "
        "sample, which packages hold.",
        of_package="cellType",
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
        quirks="populationDefnition is spelt so. Parent populations may be cell counts.",
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
        quirks="Titres below the limit are reported as <10 and preferred as a number just below it. "
        "Some are filed under another technique.",
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
        quirks="Older answers have no locusName: the alleles carry the locus.",
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
        quirks="No field names the gene: the alleles do.",
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
        quirks="The rows of a table, without demographics, visit and time zero.",
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
        quirks="No expsampleAccession: sourceType and sourceAccession distinguish a sample from a control "
        "or standard, which have no subject, arm or sample. mfi is text.",
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
        quirks="Some are filed under the technique of HAI.",
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
        quirks="geneSymbol was split into reported and preferred after 2021.",
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
        withholds=Withholds.ITSELF,
        quirks="filePath begins with a slash, the manifest's path does not. DR16 lists a file once "
        "for each format.",
    ),
)
