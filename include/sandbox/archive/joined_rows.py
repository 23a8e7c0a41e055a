"""Tables of a package joined into rows as ImmPort's API views do: arm, subject, sample, experiment, study."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache

import pandas as pd

from include.sandbox.archive.tab_reader import Package
from include.sandbox.world import in_years, number
from include.sources.endpoint import Endpoint

_ARM = {
    "armAccession": "ARM_ACCESSION",
    "armName": "NAME",
    "armDescription": "DESCRIPTION",
    "armTypeReported": "TYPE_REPORTED",
    "armTypePreferred": "TYPE_PREFERRED",
}
_SUBJECT = {
    "subjectAccession": "SUBJECT_ACCESSION",
    "ancestralPopulation": "ANCESTRAL_POPULATION",
    "ancestral_population": "ANCESTRAL_POPULATION",
    "subjectDescription": "DESCRIPTION",
    "ethnicity": "ETHNICITY",
    "gender": "GENDER",
    "race": "RACE",
    "raceSpecify": "RACE_SPECIFY",
    "species": "SPECIES",
    "strain": "STRAIN",
    "strain_characteristics": "STRAIN_CHARACTERISTICS",
}
_PARTICIPATION = {
    "armAccession": "ARM_ACCESSION",
    "subjectAccession": "SUBJECT_ACCESSION",
    "ageEvent": "AGE_EVENT",
    "ageEventSpecify": "AGE_EVENT_SPECIFY",
    "ageUnit": "AGE_UNIT",
    "minSubjectAge": "MIN_SUBJECT_AGE",
    "maxSubjectAge": "MAX_SUBJECT_AGE",
    "subjectPhenotype": "SUBJECT_PHENOTYPE",
    "subjectLocation": "SUBJECT_LOCATION",
}
BIOSAMPLE = {
    "biosampleAccession": "BIOSAMPLE_ACCESSION",
    "subjectAccession": "SUBJECT_ACCESSION",
    "plannedVisitAccession": "PLANNED_VISIT_ACCESSION",
    "biosampleName": "NAME",
    "type": "TYPE",
    "biosampleType": "TYPE",
    "subtype": "SUBTYPE",
    "biosampleSubtype": "SUBTYPE",
    "studyTimeCollected": "STUDY_TIME_COLLECTED",
    "studyTimeCollectedUnit": "STUDY_TIME_COLLECTED_UNIT",
    "studyTimeT0Event": "STUDY_TIME_T0_EVENT",
    "studyTimeT0EventSpecify": "STUDY_TIME_T0_EVENT_SPECIFY",
}
_EXPERIMENT = {
    "experimentAccession": "EXPERIMENT_ACCESSION",
    "experimentName": "NAME",
    "measurementTechnique": "MEASUREMENT_TECHNIQUE",
}
_EXPSAMPLE = {
    "expsampleAccession": "EXPSAMPLE_ACCESSION",
    "experimentAccession": "EXPERIMENT_ACCESSION",
    "expsampleName": "NAME",
    "resultSchema": "RESULT_SCHEMA",
}
_FILE = {
    "fileInfoId": "FILE_INFO_ID",
    "fileDetail": "DETAIL",
    "filesizeBytes": "FILESIZE_BYTES",
    "fileName": "NAME",
    "originalFileName": "ORIGINAL_FILE_NAME",
}
_LINK = {"expsampleAccession": "EXPSAMPLE_ACCESSION", "biosampleAccession": "BIOSAMPLE_ACCESSION"}

#: Endpoints that are one table under its own column names.
_PLAIN = {"arm": "arm_or_cohort", "plannedVisit": "planned_visit", "experiment": "experiment"}


def pick(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Columns of a table under ImmPort's API names; a column it lacks is empty."""
    blank = pd.Series("", index=frame.index, dtype=str)
    return pd.DataFrame({name: frame.get(column, blank) for name, column in columns.items()}, dtype=str)


def enrich(rows: pd.DataFrame, other: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Add what another table knows of each row, by key; what a row already says is kept."""
    once = other.drop_duplicates(list(keys))
    return spread(rows, once, *keys)


def spread(rows: pd.DataFrame, other: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """As `enrich`, but a row is repeated for each partner: samples per arm of their subject."""
    joined = rows.merge(other, how="left", on=list(keys), suffixes=("", "\0")).fillna("")
    for name in [name for name in joined if name.endswith("\0")]:
        own = joined[name[:-1]]
        joined[name[:-1]] = own.where(own != "", joined[name])
    return joined.drop(columns=[name for name in joined if name.endswith("\0")])


class Joins:
    """The rows of one package at each endpoint, as frames of text."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self._table = lru_cache(maxsize=None)(package.table)

    def rows(self, endpoint: Endpoint) -> pd.DataFrame:
        """Rows under ImmPort's API names; an endpoint no table belongs to has none."""
        made: dict[str, Callable[[], pd.DataFrame]] = {
            "demographic": self._participants,
            "biosample": self._biosamples,
            "expsample": self._expsamples,
            "filePath": self._files,
        }
        if endpoint.name in made:
            return self.of_study(made[endpoint.name]())
        if endpoint.name in _PLAIN:
            return self.of_study(pick(self._table(_PLAIN[endpoint.name]), columns(endpoint)))
        return self.of_study(self._results(endpoint))

    def of_study(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Repeat the study on each row, as the views do."""
        study = self._table("study").iloc[0]
        return rows.assign(
            studyAccession=self.package.study,
            briefTitle=study["BRIEF_TITLE"],
            studyTitle=study["BRIEF_TITLE"],
            clinical=study["CLINICAL_TRIAL"],
        )

    def read(self, table: str, columns: Mapping[str, str]) -> pd.DataFrame:
        """Columns of a table of the package under API names."""
        return pick(self._table(table), columns)

    def participations(self) -> pd.DataFrame:
        """Who was in which arm, at what age."""
        rows = self.read("arm_2_subject", _PARTICIPATION)
        for end in ("min", "max"):
            ages = zip(rows[f"{end}SubjectAge"], rows["ageUnit"], strict=True)
            years = [in_years(number(age), unit) or "" for age, unit in ages]
            rows[f"{end}_subject_age_in_years"] = pd.Series(years, index=rows.index, dtype=str)
        return rows

    def who(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add arm and subject to rows that name them."""
        rows = enrich(rows, self.read("arm_or_cohort", _ARM), "armAccession")
        return enrich(rows, self.read("subject", _SUBJECT), "subjectAccession")

    def _participants(self) -> pd.DataFrame:
        return self.who(self.participations())

    def _biosamples(self) -> pd.DataFrame:
        return self.who(spread(self.read("biosample", BIOSAMPLE), self.participations(), "subjectAccession"))

    def _expsamples(self) -> pd.DataFrame:
        rows = spread(self.read("expsample", _EXPSAMPLE), self._links(), "expsampleAccession")
        rows = enrich(rows, self.read("biosample", BIOSAMPLE), "biosampleAccession")
        rows = spread(rows, self.participations(), "subjectAccession")
        return enrich(self.who(rows), self.read("experiment", _EXPERIMENT), "experimentAccession")

    def _links(self) -> pd.DataFrame:
        return self.read("expsample_2_biosample", _LINK).drop_duplicates()

    def _files(self) -> pd.DataFrame:
        rows = self.read(
            "expsample_2_file_info",
            {"expsampleAccession": "EXPSAMPLE_ACCESSION", "fileInfoId": "FILE_INFO_ID"},
        ).drop_duplicates()  # older packages repeat a file per data format
        rows = enrich(rows, self.read("file_info", _FILE), "fileInfoId")
        rows = enrich(rows, self.read("expsample", _EXPSAMPLE), "expsampleAccession")
        rows = spread(rows, self._links(), "expsampleAccession")
        rows = enrich(rows, self.read("biosample", BIOSAMPLE), "biosampleAccession")
        rows = enrich(rows, self.participations(), "subjectAccession")
        rows = enrich(self.who(rows), self.read("experiment", _EXPERIMENT), "experimentAccession")
        kind = rows["fileDetail"].str.replace(" ", "_")
        return rows.assign(
            filePathId=rows["fileInfoId"]
            + "_"
            + rows["expsampleAccession"]
            + "_"
            + rows["biosampleAccession"],
            sourceType="EXPSAMPLE",
            sourceAccession=rows["expsampleAccession"],
            filePath="/" + self.package.study + "/ResultFiles/" + kind + "/" + rows["fileName"],
        )

    def _results(self, endpoint: Endpoint) -> pd.DataFrame:
        name = endpoint.table if endpoint.table.endswith("_result") else f"{endpoint.table}_result"
        table = self._table(name)
        own = {key: column for key, column in columns(endpoint).items() if column in table}
        if endpoint.key[0] not in own:
            return pd.DataFrame(columns=list(endpoint.names), dtype=str)
        rows = pick(table, own)
        for key in ("armAccession", "subjectAccession", "biosampleAccession", "experimentAccession"):
            if key not in rows:
                rows[key] = ""
        rows = enrich(rows, self.read("biosample", BIOSAMPLE), "biosampleAccession")
        rows = enrich(rows, self.participations(), "armAccession", "subjectAccession")
        rows = enrich(self.who(rows), self.read("experiment", _EXPERIMENT), "experimentAccession")
        return self._symbols(self._treatments(rows))

    def _treatments(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add the treatments of a row's experiment sample; bead arrays name theirs as the source."""
        pair = {"sample": "EXPSAMPLE_ACCESSION", "treatmentAccession": "TREATMENT_ACCESSION"}
        pairs = self.read("expsample_2_treatment", pair).drop_duplicates()
        joined = {
            sample: ",".join(sorted(group["treatmentAccession"])) for sample, group in pairs.groupby("sample")
        }
        named = [name for name in ("expsampleAccession", "sourceAccession") if name in rows][:1]
        given = _looked_up(rows[named[0]], joined) if named else ""
        return rows.assign(treatmentAccession=given)

    def _symbols(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Tables hold an analyte's accession (ANA148) where the API shows its symbol (IL2) beside it."""
        known = self.read("lk_analyte", {"accession": "ANALYTE_ACCESSION", "symbol": "GENE_SYMBOL"})
        symbols = dict(zip(known["accession"], known["symbol"], strict=True))
        for name in ("analytePreferred", "geneSymbolPreferred"):
            if name not in rows:
                continue
            is_accession = rows[name].str.fullmatch(r"ANA\d+")
            accession = rows[name].where(is_accession, rows.get("analyteAccession", ""))
            symbol = rows[name].where(~is_accession, _looked_up(rows[name], symbols))
            rows = rows.assign(**{"analyteAccession": accession, name: symbol})
        return rows


def _looked_up(texts: pd.Series, known: Mapping[Hashable, str]) -> pd.Series:
    return pd.Series([known.get(text, "") for text in texts], index=texts.index, dtype=str)


def columns(endpoint: Endpoint) -> dict[str, str]:
    """The columns of a table that has those of an endpoint: `minStartDay` is `MIN_START_DAY`."""
    return {field.name: field.column.upper() for field in endpoint.fields}
