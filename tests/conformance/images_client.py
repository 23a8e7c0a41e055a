"""What two third-party clients of Solr read of a core, as JSON: pysolr, and impc-api, which IMPC offers.

python images_client.py URL    of the core of the sandbox at URL, in an environment of its own
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

CORE, EBI = "impc_images", "https://www.ebi.ac.uk/mi/impc/solr/"


def with_pysolr(url: str) -> dict[str, Any]:
    """The number of documents, all by cursor, a facet, and the error of a query that is wrong."""
    import pysolr

    solr = pysolr.Solr(f"{url}/mi/impc/solr/{CORE}", timeout=60)
    facet = solr.search(
        "*:*", rows=0, facet="true", **{"facet.field": "phenotyping_center", "facet.limit": -1}
    )
    with_cursor = solr.search("*:*", rows=37, sort="id asc", cursorMark="*")
    try:
        solr.search("no_such_field:1")
        refused = None
    except pysolr.SolrError as error:
        refused = str(error)
    return {
        "count": solr.search("*:*", rows=0).hits,
        "observations": [document["observation_id"] for document in with_cursor],
        "facet": facet.facets["facet_fields"]["phenotyping_center"],
        "refused": refused,
    }


def with_impc_api(url: str, folder: Path) -> dict[str, Any]:
    """The same by IMPC's own client, whose address is fixed: it is replaced where it sends a request."""
    import impc_api
    import requests

    send = requests.get

    def sent(address: str, **options: Any) -> Any:
        return send(address.replace(EBI, f"{url}/mi/impc/solr/"), **options)

    requests.get = sent  # type: ignore[assignment]  # as much of it as the client calls
    fields = {"q": "*:*", "fl": "observation_id,sex"}
    count, first = impc_api.solr_request(CORE, {**fields, "rows": 5}, silent=True)
    zygosities = {"facet": "on", "facet.field": "zygosity", "facet.limit": 15, "facet.mincount": 1}
    _, facet = impc_api.solr_request(CORE, {"q": "*:*", "rows": 0, **zygosities}, silent=True)
    for form in ("json", "csv"):
        impc_api.batch_solr_request(
            CORE, {**fields, "wt": form}, download=True, batch_size=50, filename=str(folder / "images")
        )
    lines = (folder / "images.csv").read_text(encoding="utf-8").splitlines()
    made = {
        "json": [row["observation_id"] for row in json.loads((folder / "images.json").read_text())],
        "csv": [line.split(",")[0] for line in lines if line and not line.startswith("observation")],
    }
    return {"count": count, "first": len(first), "facet": facet.to_dict("records"), **made}


def main() -> None:
    """Print what both read."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="address of the sandbox")
    url = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder:
        found = {"pysolr": with_pysolr(url), "impc_api": with_impc_api(url, Path(folder))}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
