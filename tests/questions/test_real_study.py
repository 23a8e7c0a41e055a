"""The questions on the real packages of SDY139: mice, most of them pooled; ELISPOT, PCR, flow cytometry."""

from __future__ import annotations

import csv
import io
import zipfile

import pandas as pd
import pytest
import sqlalchemy as sa

from tests.questions.answers import answer, question
from tests.sandbox.data import ARCHIVES, needs_data

pytestmark = needs_data

#: Packages name the preferred analyte by its accession.
ANALYTES = {"ANA110": "IFNG", "ANA148": "IL2", "ANA152": "IL21", "ANA174": "IL4"}


def table(name: str) -> pd.DataFrame:
    """A table of the package of DR25, as text."""
    with zipfile.ZipFile(ARCHIVES / "SDY139-DR25_Tab.zip") as package:
        (member,) = (item for item in package.namelist() if item.endswith(f"/{name}.txt"))
        text = package.read(member).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    return pd.DataFrame(rows[1:], columns=[field.lower() for field in rows[0]])


def test_subjects_are_apart_from_pools(real: sa.URL) -> None:
    assert answer(real, question(4)) == [
        {"study_accession": "SDY139", "arm": "BALB/c", "subjects": "37", "female": "0", "male": "0",
         "other_sex": "37", "pools": "25"}
    ]  # fmt: skip
    assert answer(real, question(5)) == [
        {"species": "Mus musculus", "individuals": "37", "enrolments": "37", "pools": "25"}
    ]
    (enrolled,) = answer(real, question(25))
    assert (enrolled["actual_enrollment"], enrolled["subjects"], enrolled["difference"]) == ("62", "62", "0")


def test_results_by_assay(real: sa.URL) -> None:
    (row,) = answer(real, question(11))
    assert {name: found for name, found in row.items() if found} == {
        "study_accession": "SDY139", "elispot": "466", "pcr": "456", "flow_cytometry": "52"
    }  # fmt: skip


def test_every_declared_result_is_loaded(real: sa.URL) -> None:
    """974 results, as the package of DR16 counts them; 80 samples of flow cytometry declare none."""
    rows = answer(real, question(17), as_of="DR16")
    found = {
        row["result_schema"]: tuple(
            int(row[name]) for name in ("expsamples", "declared_results", "loaded_results", "differing")
        )
        for row in rows
    }
    assert found == {
        "ELISPOT": (466, 466, 466, 0),
        "FCM": (100, 52, 52, 0),
        "Q-PCR": (456, 456, 456, 0),
    }


def test_spots_per_million_are_those_of_the_package(real: sa.URL) -> None:
    rows = table("elispot_result")
    cells = pd.to_numeric(rows["cell_number_reported"])
    assert set(cells) == {1_000_000}
    rows["rate"] = 1e6 * pd.to_numeric(rows["spot_number_reported"]) / cells
    rows["analyte"] = rows["analyte_preferred"].map(ANALYTES)
    found = answer(real, question(14))
    descriptions = table("expsample").set_index("expsample_accession")["description"]
    rows["stimulation"] = rows["expsample_accession"].map(descriptions)
    grouped = rows.groupby(["analyte", "stimulation"])["rate"]
    assert {
        (row["analyte"], row["stimulation"]): int(row["wells"]) for row in found
    } == grouped.size().to_dict()
    rates = {(row["analyte"], row["stimulation"]): float(row["spots_per_million"]) for row in found}
    assert rates == pytest.approx(grouped.mean().to_dict(), abs=0.0051)


def test_stimulation_is_shown_beside_each_elispot_result(real: sa.URL) -> None:
    (row,) = answer(
        real,
        "select count(*) as results, count(expsample_description) as described, count(distinct"
        " (biosample_accession, measurand, expsample_description)) as told_apart from mart.wide_elispot",
    )
    assert list(row.values()) == ["466", "466", "466"]


def test_replicates_of_pcr_agree_but_for_one_sample(real: sa.URL) -> None:
    """Three wells per sample and gene; B2m of one sample varies by 2.77 %, more than any other."""
    rows = answer(real, question(15))
    assert {row["wells"] for row in rows} == {"24"}
    worst = max(rows, key=lambda row: float(row["worst_cv_percent"]))
    assert (worst["gene"], worst["worst_cv_percent"]) == ("B2m", "2.77")


def test_delta_ct_is_to_actb(real: sa.URL) -> None:
    wells = table("pcr_result")
    wells["ct"] = pd.to_numeric(wells["value_reported"])
    means = wells.groupby(["biosample_accession", "gene_symbol_reported"])["ct"].mean().unstack()
    delta = means.sub(means["Actb"], axis=0).mean()
    found = answer(real, question(16))
    assert {row["reference_gene"] for row in found} == {"Actb"}
    of_all: dict[str, float] = {}
    for row in found:  # of each kind of sample
        share = int(row["samples"]) / wells["biosample_accession"].nunique()
        of_all[row["gene"]] = of_all.get(row["gene"], 0) + share * float(row["mean_delta_ct"])
    assert of_all == pytest.approx(delta.to_dict(), abs=0.00051)


def test_counts_of_cells_are_no_percents(real: sa.URL) -> None:
    assert answer(real, question(30)) == []
    rows = answer(
        real,
        "select unit, statistic, sum(results) as results from mart.cell_population group by 1, 2 order by 1",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("cells per cLN", "count", "34"),
        ("events per experiment sample", "count", "18"),
    ]


def test_techniques_say_the_assays(real: sa.URL) -> None:
    assert {row["is_disagreeing"] for row in answer(real, question(18))} == {"f"}


def test_experiment_samples_are_inventoried(real: sa.URL) -> None:
    """Results, files, samples and reagents of each, counted with pandas; some have files alone."""
    text = """select expsample_accession, loaded_results, files, biosamples, reagents, is_files_only
        from mart.expsample_inventory order by expsample_accession"""
    sample = "expsample_accession"
    of_result = pd.concat([table(f"{name}_result") for name in ("elispot", "pcr", "fcs_analyzed")])
    counts = [
        of_result.groupby(sample).size(),
        table("expsample_2_file_info").groupby(sample)["file_info_id"].nunique(),
        table("expsample_2_biosample").groupby(sample)["biosample_accession"].nunique(),
        table("expsample_2_reagent").groupby(sample)["reagent_accession"].nunique(),
    ]
    expected = pd.concat(counts, axis=1).reindex(sorted(table("expsample")[sample])).fillna(0).astype(int)
    rows = answer(real, text)
    assert [tuple(row.values())[:5] for row in rows] == [
        (accession, *map(str, found))
        for accession, found in zip(expected.index, expected.to_numpy().tolist(), strict=True)
    ]
    alone = sum(row["is_files_only"] == "t" for row in rows)
    assert alone == int(((expected[0] == 0) & (expected["file_info_id"] > 0)).sum()) > 0
