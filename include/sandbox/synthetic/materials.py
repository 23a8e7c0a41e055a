"""Treatments, reagents, controls and FCS headers of a synthetic study: only its package has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from include.sandbox.row import Row
from include.sandbox.synthetic.assays import ANALYTES, Assay
from include.sandbox.synthetic.fcs_files import PARAMETERS, VERSION, events_of
from include.sandbox.synthetic.measurements import Measurements
from include.sandbox.synthetic.study_plan import Spot


class Materials:
    """Rows of the tables that only packages have."""

    def __init__(self, measured: Measurements) -> None:
        self.measured, self.subjects, self.study = measured, measured.subjects, measured.study

    def treatments(self) -> Iterator[Row]:
        """What every third experiment sample was given."""
        yield {
            "treatmentAccession": self.measured.treatment(0),
            "name": "Stimulation",
            "comments": "Overnight",
            "amountValue": "1" if self.subjects.study.changed(self.subjects.release) else "about 1",
            "amountUnit": "ug/ml",
            "durationValue": "16",
            "durationUnit": "Hours",
            "temperatureValue": "37",
            "temperatureUnit": "C",
        }

    def treated_biosamples(self) -> Iterator[Row]:
        """Every eleventh biosample was treated before it was divided."""
        for number, row in enumerate(self.subjects.biosamples()):
            if number % 11 == 0:
                yield {**row, "treatmentAccession": self.measured.treatment(0)}

    def _reagent(self, number: int) -> str:
        return f"ESR{10_001 + self.study.index * 10 + number}"

    def reagents(self) -> Iterator[Row]:
        """A kit, and the antibodies in it."""
        yield {"reagentAccession": self._reagent(0), "name": "Antibody kit", "isSet": "Y", "type": "Antibody"}
        for number, (reported, _, accession) in enumerate(ANALYTES, start=1):
            yield {
                "reagentAccession": self._reagent(number),
                "name": f"anti-{reported}",
                "isSet": "N",
                "type": "Antibody",
                "analyteReported": reported,
                "analytePreferred": accession,
                "cloneName": f"SB-{number}",
                "reporterName": "Biotin",
                "manufacturer": "Sandbox",
                "catalogNumber": f"{self.study.index + 1}-{number}",
            }

    def kit(self) -> Iterator[Row]:
        """The antibodies of the kit."""
        for number in range(1, len(ANALYTES) + 1):
            yield {"reagentSetAccession": self._reagent(0), "reagentAccession": self._reagent(number)}

    def used(self) -> Iterator[Row]:
        """The kit, on every experiment sample of an assay of analytes."""
        for assay in self.study.assays:
            if assay.features is ANALYTES:
                for sample, _ in self.measured.spots(assay):
                    expsample = self.measured.expsample(assay, sample)
                    yield {"expsampleAccession": expsample, "reagentAccession": self._reagent(0)}

    def controls(self, kind: str) -> Iterator[Row]:
        """Controls (`CONTROL SAMPLE`) or standards, each with a file."""
        file = next(self.measured.files())["fileInfoId"]
        for row in self.measured.controls(kind):
            yield {
                **row,
                "resultSchema": "MBAA",
                "catalogId": "SB-CTRL",
                "dilutionFactor": "2" if row["resultId"] % 2 else "1:2",
                "source": "Sandbox",
                "formula": "5PL",
                "lowerLimit": "3.2",
                "lowerLimitUnit": "pg/ml",
                "upperLimit": "10000",
                "upperLimitUnit": "pg/ml",
                "fileInfoId": file,
            }

    def public_repositories(self) -> Iterator[Row]:
        """Where the raw data of the PCR are."""
        for assay, sample, _ in self._samples("pcr"):
            expsample = self.measured.expsample(assay, sample)
            accession = f"GSM{1_000_000 + int(expsample[2:])}"
            yield {
                "expsampleAccession": expsample,
                "repositoryName": "GEO",
                "repositoryAccession": accession,
            }

    def _samples(self, endpoint: str) -> Iterator[tuple[Assay, int, Spot]]:
        for assay in self.study.assays:
            if assay.endpoint == endpoint:
                yield from ((assay, sample, spot) for sample, spot in self.measured.spots(assay))

    def headers(self) -> Iterator[Row]:
        """An FCS file of each experiment sample of cytometry."""
        panel = "|".join(marker or detector for detector, marker in PARAMETERS)
        for assay, sample, spot in self._samples("fcsAnalyzed"):
            expsample = self.measured.expsample(assay, sample)
            number, file = int(expsample[2:]), self.measured.file_id(assay, spot)
            yield {
                "fcsHeaderId": number,
                "expsampleAccession": expsample,
                "fcsFileName": f"{expsample}.fcs",
                "fcsVersion": VERSION,
                "compensationFlag": "N",
                "fileInfoId": file,
                "minimumIntensity": 0,
                "maximumIntensity": 20_000 + number % 997,
                "numberOfEvents": events_of(self.measured.file_size(file)),
                "numberOfMarkers": len(PARAMETERS),
                "panelReported": panel,
            }

    def parameters(self) -> Iterator[Row]:
        """The parameters of each FCS file."""
        for header in self.headers():
            for number, (detector, marker) in enumerate(PARAMETERS, start=1):
                yield {
                    "fcsHeaderId": header["fcsHeaderId"],
                    "parameterNumber": number,
                    "pnnReported": detector,
                    "pnsReported": marker,
                }

    def markers(self) -> Iterator[Row]:
        """The markers of each population counted, from the definition of its gates."""
        for assay in self.study.assays:
            if assay.endpoint != "fcsAnalyzed":
                continue
            for row in self.measured.results(assay):
                for place, marker in enumerate(re.split(", | / ", row["populationDefnitionReported"])):
                    yield {
                        "fcsAnalyzedResultMarkerId": row["resultId"] * 4 + place,
                        "resultId": row["resultId"],
                        "populationMarkerReported": marker,
                    }

    def count_markers(self) -> int:
        """How many those are."""
        cytometry = (assay for assay in self.study.assays if assay.endpoint == "fcsAnalyzed")
        return sum(
            feature[2].count(", ") + 1 for assay in cytometry for feature in self.measured.features(assay)
        )

    def count_samples(self, endpoint: str) -> int:
        """How many experiment samples an assay has."""
        return sum(1 for _ in self._samples(endpoint))

    def protocols(self) -> Iterator[Row]:
        """The protocol of each experiment: the study's last."""
        *_, last = self.measured.documents.protocols()
        return ({**last, **row} for row in self.subjects.experiments())

    def lab_protocols(self) -> Iterator[Row]:
        """The protocol of the lab tests, where there are any."""
        *_, last = self.measured.documents.protocols()
        for row in self.measured.clinical.lab_tests():
            yield {**last, "labTestPanelAccession": row["labTestPanelAccession"]}
            return

    def assessment_files(self) -> Iterator[Row]:
        """A file of the assessments, where there are any."""
        for row in self.measured.clinical.assessments():
            file = next(self.measured.files())["fileInfoId"]
            yield {**row, "fileInfoId": file}
            return
