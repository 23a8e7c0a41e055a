"""The questions about images of IMPC, answered from the documents themselves."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from include.sandbox.gene_lists.synthetic_lists import ENTREZ, SyntheticLists
from include.sandbox.impc.image_world import Core
from include.sandbox.impc.synthetic_images import IMPC_RELEASES, SyntheticImages
from include.sandbox.synthetic import study_plan
from include.sandbox.vocabulary import plain_terms
from include.sources.gene_lists.files import GMT, LIST_JSON, TABLE
from include.sources.gene_lists.source import LEGACY
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from tests.questions.answers import answer, question
from tests.questions.conftest import IMAGES, World
from tests.support.orthologs import table_at
from tests.support.world import RELEASES, SEED

LK_ANALYTE = next(item for item in LOOKUP_ENDPOINTS if item.name == "lkAnalyte")


def documents(place: int) -> Iterator[dict[str, Any]]:
    """The documents of a release."""
    core = Core(SyntheticImages(IMAGES, SEED), IMPC_RELEASES[place], build=0)
    return (core.document(entry) for entry in core.ordered)


def test_images_by_part_of_the_body_and_zygosity(world: World) -> None:
    found = defaultdict(set)
    for document in documents(-1):
        zygosity = document.get("zygosity") or document["biological_sample_group"]
        ids, names = document.get("top_level_anatomy_id", []), document.get("top_level_anatomy_term", [])
        for term_id, name in set(zip(ids, names, strict=True)):
            found[term_id, name, zygosity].add(document["observation_id"])
    expected = {key: str(len(images)) for key, images in found.items()}
    rows = answer(world.url, question(32))
    assert {(row["term_id"], row["term"], row["zygosity"]): row["images"] for row in rows} == expected


def test_images_by_procedure_term_and_zygosity(world: World) -> None:
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for document in documents(-1):
        zygosity = document.get("zygosity") or document["biological_sample_group"]
        for ontology, name in (("ANATOMY", "anatomy"), ("MP", "mp")):
            ids, names = document.get(f"{name}_id", []), document.get(f"{name}_term", [])
            confirmed = {f"{one}_{two}" for one, two in zip(ids, names, strict=False)}
            is_sure = len(ids) == len(names) == 1 or set(document.get(f"{name}_id_term", ())) == confirmed
            if len(ids) == len(names) and is_sure:
                for pair in zip(ids, names, strict=True):
                    key = (document["procedure_stable_id"], ontology, *pair, zygosity)
                    found[key].add(document["observation_id"])
    columns = ("procedure_stable_id", "ontology", "term_id", "term", "zygosity")
    rows = answer(world.url, question(37))
    shown = {tuple(row[name] for name in columns): int(row["images"]) for row in rows}
    assert shown == {key: len(images) for key, images in found.items()}


def test_centres_by_release(world: World) -> None:
    counts = {
        (str(IMPC_RELEASES[place]), centre): number
        for place in (0, -1)
        for centre, number in Counter(
            document.get("phenotyping_center", "(no centre)") for document in documents(place)
        ).items()
    }
    rows = answer(world.url, question(40))
    found = {(row["release_version"], row["phenotyping_centre_id"]): int(row["images"]) for row in rows}
    assert {key: number for key, number in found.items() if number} == counts


def test_imaged_genes_of_lists_that_are_measured(world: World) -> None:
    """From the documents, the table, the lists and the answers of the API: by identifiers alone."""
    table = pd.read_csv(io.BytesIO(table_at(RELEASES[-1])), sep="\t", dtype=str)
    mice, people = (table[table["NCBI Taxon ID"] == taxon] for taxon in ("10090", "9606"))
    pairs = mice.merge(people, on="DB Class Key", suffixes=("", " of human"))
    orthologs = pairs.groupby("Mouse MGI ID")["EntrezGene ID of human"].agg(list)
    images = Counter(document.get("gene_accession_id") for document in documents(-1))
    answers = world.answers[RELEASES[-1]]
    numbers = {symbol: str(number) for symbol, number in ENTREZ.items()}
    pcr, beads = answers["pcr"], answers["mbaa"]
    symbols = pcr["geneSymbolPreferred"].fillna(pcr["geneSymbolReported"])
    genes = (
        pcr["geneId"].astype("string").fillna(symbols.where(pcr["species"] == "Homo sapiens").map(numbers))
    )
    by_pcr = Counter(genes[pcr["subjectAccession"].notna()].dropna())
    terms = {
        row["analyteAccession"]: row["geneId"]
        for row in plain_terms(LK_ANALYTE, len(study_plan.RELEASES) - 1)
    }
    products = beads.loc[beads["subjectAccession"].notna(), "analyteAccession"].map(terms)
    by_beads = Counter(products.dropna())
    expected = {}
    for list_id, symbol in listed():
        for mgi, humans in orthologs.items():
            number = numbers[symbol]
            if number in humans and images[mgi] and by_pcr[number] + by_beads[number]:
                relation = "one_to_many" if len(humans) > 1 else "one_to_one"
                found = (relation, images[mgi], by_pcr[number], by_beads[number])
                expected[list_id, symbol, mgi] = tuple(map(str, found))
    rows = answer(world.url, question(41))
    keys, values = (
        ("gene_list_id", "gene_symbol", "mgi_id"),
        ("relation", "images", "pcr_results", "bead_array_results"),
    )
    shown = {tuple(row[name] for name in keys): tuple(row[name] for name in values) for row in rows}
    assert shown == expected
    assert {relation for relation, *_ in shown.values()} == {"one_to_one", "one_to_many"}


def listed() -> set[tuple[str, str]]:
    """List and symbol of every gene list that is loaded, at the newest release."""
    objects = SyntheticLists(SEED, list(study_plan.RELEASES.values())).objects(len(study_plan.RELEASES) - 1)
    found = set()
    for line in objects[GMT.path].body.decode().splitlines():
        _, link, *symbols = line.split("\t")
        list_id = link.rpartition("/")[2]
        if LIST_JSON.address(list_id) in objects:
            found |= {(list_id, symbol) for symbol in symbols}
    for line in objects[TABLE.path].body.decode().splitlines()[1:]:
        symbol, *_, category = line.split("\t")
        found.add((f"{LEGACY}{category}", symbol))
    return found


def test_what_changed_by_centre(world: World) -> None:
    ignored = ("id", "_version_")
    old, new = (
        {
            document["observation_id"]: {key: value for key, value in document.items() if key not in ignored}
            for document in documents(place)
        }
        for place in (0, -1)
    )
    counts: dict[str, list[int]] = {}
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        centres = [item and item.get("phenotyping_center", "(no centre)") for item in (before, after)]
        if before == after:
            continue
        if centres[0] == centres[1]:
            counts.setdefault(str(centres[1]), [0, 0, 0])[1] += 1
        else:
            if after:
                counts.setdefault(str(centres[1]), [0, 0, 0])[0] += 1
            if before:
                counts.setdefault(str(centres[0]), [0, 0, 0])[2] += 1
    rows = answer(world.url, question(38))
    found = {
        row["phenotyping_centre_id"]: [int(row[name]) for name in ("added", "corrected", "withdrawn")]
        for row in rows
    }
    assert {name: made for name, made in found.items() if any(made)} == counts
