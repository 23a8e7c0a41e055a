"""The questions about images of IMPC, answered from the documents themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from include.sandbox.impc.image_world import Core
from include.sandbox.impc.synthetic_images import IMPC_RELEASES, SyntheticImages
from tests.questions.answers import answer, question
from tests.questions.conftest import IMAGES, World
from tests.support.world import SEED


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
