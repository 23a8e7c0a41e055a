"""Questions answered once more, with pandas and from the API's answers: no view, no table, no SQL.

Each takes the answers of a release by endpoint and gives a table that begins with the same columns
as the question's own answer; those named in its index identify a row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Answers = dict[str, pd.DataFrame]
_BANDS = [0.0, 18.0, 50.0, 65.0, 200.0]
_BAND_NAMES = ["under 18", "18 to 49", "50 to 64", "65 and over"]
_ASSAYS = {
    "elisa": "elisa", "elispot": "elispot", "mbaa": "mbaa", "hai": "hai", "neutralisation": "neutAbTiter",
    "pcr": "pcr", "flow_cytometry": "fcsAnalyzed", "hla_typing": "hlaTyping", "kir_typing": "kirTyping",
    "mass_spectrometry": "massSpectrometryResult",
}  # fmt: skip


def _levels(rows: pd.DataFrame, name: str) -> pd.Series:
    """Preferred numbers, else reported ones; neither words nor the sentinel -999."""
    preferred = pd.to_numeric(rows[f"{name}Preferred"], errors="coerce")
    found = preferred.fillna(pd.to_numeric(rows[f"{name}Reported"], errors="coerce"))
    return found.where(found != -999)


def _names(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[f"{name}Preferred"].fillna(rows[f"{name}Reported"])


def _days(rows: pd.DataFrame) -> pd.Series:
    assert set(rows["studyTimeCollectedUnit"].dropna()) <= {"Days"}
    return pd.to_numeric(rows["studyTimeCollected"])


def _context(rows: pd.DataFrame) -> pd.DataFrame:
    """What must be the same for two results to be compared, by the names the answers have for it."""
    return pd.DataFrame(
        {
            "technique": rows["measurementTechnique"],
            "sample": rows["biosampleType"],
            "treatment": rows["treatmentAccession"].fillna(""),
            "t0": rows["studyTimeT0Event"],
        }
    )


def _is_pool(rows: pd.DataFrame) -> pd.Series:
    return rows["subjectPhenotype"].fillna("").str.contains("pooling", regex=False)


def _titres(answers: Answers) -> pd.DataFrame:
    """One row per study, arm, subject and strain: log2 titres before and after, with the age."""
    rows = answers["hai"]
    below = rows["valueReported"].str.startswith("<")
    limit = pd.to_numeric(rows["valueReported"].str.lstrip("<"))
    value = limit.div(2).where(below, pd.to_numeric(rows["valuePreferred"]).fillna(limit))
    rows = rows.assign(log=np.log2(value), strain=_names(rows, "virusStrain"), day=_days(rows))
    rows = rows.join(_context(rows))
    keys = ["studyAccession", "armName", "subjectAccession", "strain", "technique", "sample", "t0", "species"]
    before = rows[rows["day"] <= 0].groupby(keys)["log"].mean()
    after = rows[rows["day"].between(21, 42)].groupby(keys)["log"].mean()
    age = rows.groupby(keys)["minSubjectAge"].first().astype(float)
    return pd.DataFrame({"before": before, "after": after, "age": age}).reset_index()


def _fold_rise_by_age(answers: Answers) -> pd.DataFrame:
    titres = _titres(answers).dropna(subset=["before", "after"])
    titres = titres[titres["species"] == "Homo sapiens"]
    titres["age_band"] = pd.cut(titres["age"], _BANDS, right=False, labels=_BAND_NAMES).astype(str)
    titres["rise"] = titres["after"] - titres["before"]
    grouped = titres.groupby(["age_band", "strain", "technique", "sample", "t0"])["rise"]
    return pd.DataFrame({"subjects": grouped.size(), "fold_rise": 2 ** grouped.mean()})


def _seroconversion(answers: Answers) -> pd.DataFrame:
    titres = _titres(answers)
    both = titres["before"].notna() & titres["after"].notna()
    # A hair less: 40 as a logarithm and back is not quite 40.
    titres["risen"] = both & (titres["after"] - titres["before"] > 1.9999) & (2 ** titres["after"] > 39.99)
    titres["lost"] = ~both
    grouped = titres.groupby(["studyAccession", "armName", "strain", "technique", "sample", "t0"])
    made = pd.DataFrame(
        {
            "subjects": grouped.size(),
            "not_evaluable": grouped["lost"].sum(),
            "seroconverted": grouped["risen"].sum(),
        }
    )
    evaluable = made["subjects"] - made["not_evaluable"]
    return made.assign(seroconverted_percent=100 * made["seroconverted"] / evaluable)


def _elisa_medians(answers: Answers) -> pd.DataFrame:
    rows = answers["elisa"]
    rows = rows[~_is_pool(rows)]
    rows = rows.assign(level=_levels(rows, "value"), analyte=_names(rows, "analyte"), day=_days(rows))
    rows = rows.join(_context(rows))
    grouped = rows.groupby(["studyAccession", "armName", "analyte", "sample", "treatment", "t0", "day"])[
        "level"
    ]
    made = pd.DataFrame({"results": grouped.count(), "left_out": grouped.size() - grouped.count()})
    return made.assign(median=grouped.median())


def _people(answers: Answers) -> pd.DataFrame:
    rows = answers["demographic"]
    pools = _is_pool(rows)
    alone = rows[~pools].groupby("species")["subjectAccession"]
    pooled = rows[pools].groupby("species")["subjectAccession"].nunique()
    made = pd.DataFrame({"individuals": alone.nunique(), "enrolments": alone.size()})
    return made.assign(pools=pooled.reindex(made.index, fill_value=0))


def _in_several_studies(answers: Answers) -> pd.DataFrame:
    rows = answers["demographic"].sort_values("studyAccession")
    ages = rows["studyAccession"] + " at " + rows["minSubjectAge"].astype(float).map("{:.1f}".format)
    grouped = rows.assign(age=ages).groupby("subjectAccession")
    made = pd.DataFrame(
        {"studies": grouped["studyAccession"].nunique(), "ages": grouped["age"].agg(", ".join)}
    )
    return made[made["studies"] > 1]


def _baseline(answers: Answers) -> pd.DataFrame:
    titres = _titres(answers).dropna(subset=["before"])
    titres = titres[titres["t0"] == "Time of initial vaccine administration"]
    grouped = titres.groupby(["strain", "technique", "sample", "species"])
    made = {name: grouped[f"{name}Accession"].nunique() for name in ("study", "subject")}
    return pd.DataFrame({**made, "baseline_gmt": 2 ** grouped["before"].mean()})


def _availability(answers: Answers) -> pd.DataFrame:
    made = {}
    for column, endpoint in _ASSAYS.items():
        rows = answers[endpoint]
        if endpoint == "mbaa":
            rows = rows[rows["sourceType"] == "EXPSAMPLE"]
        made[column] = rows.groupby("studyAccession")["resultId"].nunique()
    return pd.DataFrame(made)


def _bead_arrays(answers: Answers) -> pd.DataFrame:
    rows = answers["mbaa"]
    rows = rows[rows["sourceType"] == "EXPSAMPLE"]
    rows = rows.assign(
        level=_levels(rows, "concentrationValue"),
        analyte=_names(rows, "analyte"),
        unit=_names(rows, "concentrationUnit").str.lower(),
        sentinel=rows["concentrationValueReported"].isin(["OOR", "-999"]),
    )
    rows = rows.join(_context(rows))
    grouped = rows.groupby(["studyAccession", "analyte", "unit", "sample", "technique", "treatment"])
    made = pd.DataFrame({"results": grouped["level"].count(), "sentinels": grouped["sentinel"].sum()})
    return made.assign(geometric_mean=grouped["level"].agg(lambda level: np.exp(np.log(level).mean())))


def _spots(answers: Answers) -> pd.DataFrame:
    rows = answers["elispot"]
    cells = _levels(rows, "cellNumber")
    rows = rows.assign(
        cells=cells, rate=1e6 * _levels(rows, "spotNumber") / cells, analyte=_names(rows, "analyte")
    )
    # The API describes no experiment sample.
    rows = rows.join(_context(rows)).assign(stimulation="")
    grouped = rows.groupby(["studyAccession", "analyte", "sample", "technique", "treatment", "stimulation"])
    made = pd.DataFrame({"wells": grouped.size(), "plating_densities": grouped["cells"].nunique()})
    return made.assign(spots_per_million=grouped["rate"].mean())


def _replicates(answers: Answers) -> pd.DataFrame:
    rows = answers["pcr"]
    rows = rows.assign(ct=_levels(rows, "value"), gene=_names(rows, "geneSymbol"), unit=_names(rows, "unit"))
    sample = ["biosampleAccession", "technique", "treatment"]
    wells = rows.join(_context(rows)).groupby(["studyAccession", "gene", "unit", *sample])["ct"]
    each = pd.DataFrame({"wells": wells.count(), "cv": 100 * wells.std() / wells.mean()})
    grouped = each[each["wells"] > 1].groupby(["studyAccession", "gene", "unit"])
    made = pd.DataFrame({"samples": grouped.size(), "wells": grouped["wells"].sum()})
    return made.assign(mean_cv_percent=grouped["cv"].mean(), worst_cv_percent=grouped["cv"].max())


def _correlations(answers: Answers) -> pd.DataFrame:
    elisa, hai = answers["elisa"], answers["hai"]
    below = hai["valueReported"].str.startswith("<")
    limit = pd.to_numeric(hai["valueReported"].str.lstrip("<"))
    titre = limit.div(2).where(below, pd.to_numeric(hai["valuePreferred"]).fillna(limit))
    one = elisa.assign(level=np.log(_levels(elisa, "value")), analyte=_names(elisa, "analyte"), unit="pg/ml")
    assert set(_names(elisa, "unit").str.lower()) == {"pg/ml"}
    one = one.join(_context(one))
    two = hai.assign(titre=np.log(titre), strain=_names(hai, "virusStrain"))
    sample = ["studyAccession", "biosampleAccession"]
    what = ["analyte", "unit", "treatment"]
    level = one.dropna(subset=["level"]).groupby([*sample, *what])["level"].mean().reset_index()
    pairs = level.merge(two.groupby([*sample, "strain"])["titre"].mean().reset_index(), on=sample)
    grouped = pairs.groupby(["studyAccession", *what, "strain"])[["level", "titre"]]
    correlated = grouped.apply(lambda pair: pair["level"].corr(pair["titre"]))
    return pd.DataFrame({"biosamples": grouped.size(), "pearson_r": correlated})


def _adverse_events(answers: Answers) -> pd.DataFrame:
    people = answers["demographic"]
    keys = ["studyAccession", "armName"]
    arms = people.groupby(keys)["subjectAccession"].nunique().rename("arm_subjects").reset_index()
    events = answers["adverseEvent"].rename(columns={"severityPreferred": "severity"})
    found = events[["studyAccession", "subjectAccession", "severity"]].merge(
        people, on=["studyAccession", "subjectAccession"]
    )
    counted = found.groupby([*keys, "severity"]).size().rename("events")
    every = arms.merge(events[["studyAccession", "severity"]].drop_duplicates(), on="studyAccession")
    made = every.set_index([*keys, "severity"])
    made["events"] = counted.reindex(made.index, fill_value=0)
    return made.assign(events_per_100=100 * made["events"] / made["arm_subjects"])


def _masked(answers: Answers) -> pd.DataFrame:
    rows = answers["demographic"]
    rows = rows[rows["species"] == "Homo sapiens"].fillna(
        {"race": "not reported", "ethnicity": "not reported"}
    )
    # As the newest release that describes the person has it: the race may have been put right.
    latest = answers["study"].set_index("studyAccession")["latestDataReleaseDate"]
    rows = rows.assign(date=rows["studyAccession"].map(latest)).sort_values(["date", "studyAccession"])
    traits = ["gender", "race", "ethnicity"]
    newest = rows.groupby("subjectAccession")[traits].last()
    rows = rows[["studyAccession", "subjectAccession"]].join(newest, on="subjectAccession")
    together = rows.drop_duplicates("subjectAccession").assign(studyAccession="all studies")
    counted = pd.concat([rows.drop_duplicates(), together]).groupby(["studyAccession", *traits]).size()
    return pd.DataFrame({"people": counted.map(lambda people: str(people) if people >= 5 else "<5")})


def _hla(answers: Answers) -> pd.DataFrame:
    rows = answers["hlaTyping"]
    rows = rows[rows["locusName"] == "HLA-A"].sort_values("resultId")
    typed = rows.drop_duplicates(["studyAccession", "subjectAccession"], keep="last")
    chromosomes = 2 * typed.groupby(["studyAccession", "race"]).size()
    alleles = typed.melt(
        id_vars=["studyAccession", "race", "subjectAccession"], value_vars=["allele1", "allele2"]
    ).dropna(subset=["value"])
    grouped = alleles.groupby(["studyAccession", "race", "value"])["subjectAccession"]
    made = pd.DataFrame({"copies": grouped.size()})
    made["chromosomes"] = [chromosomes[key[:2]] for key in made.index]
    made["homozygous"] = grouped.size() - grouped.nunique()
    return made.assign(frequency=made["copies"] / made["chromosomes"])


def _populations(answers: Answers) -> pd.DataFrame:
    rows = answers["fcsAnalyzed"]
    rows = rows.assign(
        level=_levels(rows, "populationStatistic"),
        population=_names(rows, "populationName"),
        parent=_names(rows, "parentPopulation"),
        day=_days(rows),
    )
    rows = rows.join(_context(rows))
    context = ["sample", "technique", "treatment", "t0"]
    grouped = rows.groupby(["studyAccession", "armName", "population", "parent", *context, "day"])["level"]
    return pd.DataFrame({"results": grouped.count(), "median": grouped.median(), "mean": grouped.mean()})


def _pooled(answers: Answers) -> pd.DataFrame:
    """Experiment samples by the number of their biosamples; rows repeat for each arm of a subject."""
    pairs = answers["expsample"][["expsampleAccession", "biosampleAccession"]].drop_duplicates()
    sizes = pairs.groupby("expsampleAccession").size()
    found = sizes.value_counts().sort_index()
    made = pd.DataFrame({"expsamples": found, "sum_of_weights": found.astype(float)})
    made.index.name = "biosamples"
    assert len(made) > 1, "no experiment sample of several biosamples"
    return made


#: Number of the question -> its answer once more.
INDEPENDENT: dict[int, Callable[[Answers], pd.DataFrame]] = {
    1: _fold_rise_by_age,
    2: _seroconversion,
    3: _elisa_medians,
    5: _people,
    6: _in_several_studies,
    7: _baseline,
    11: _availability,
    13: _bead_arrays,
    14: _spots,
    15: _replicates,
    19: _pooled,
    20: _correlations,
    21: _adverse_events,
    26: _masked,
    29: _hla,
    30: _populations,
}
