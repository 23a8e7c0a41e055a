"""Calls every method of `immport-client`, in that client's own virtual environment, and prints what came.

python client.py URL KEY    one line of JSON per call: method, rows, what was lost in parsing
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

#: The generator makes three methods of each endpoint; these two are variants.
VARIANTS = ("_with_http_info", "_without_preload_content")


def apis(client: Any) -> Iterator[tuple[Any, str]]:
    """Every API of the client with the name of each of its endpoints."""
    import immport_client.api

    kinds: list[Any] = [kind for kind in vars(immport_client.api).values() if inspect.isclass(kind)]
    for kind in kinds:
        for method in vars(kind):
            if not method.startswith("_") and not method.endswith(VARIANTS):
                yield kind(client), method


def filled(value: Any) -> Any:
    """A parsed answer, or a received one, without nulls: the client leaves those out."""
    value = value.to_dict() if hasattr(value, "to_dict") else value
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, dict):
        return {name: filled(item) for name, item in value.items() if item is not None}
    return value.date().isoformat() if isinstance(value, datetime) else value


def call(api: Any, method: str, **arguments: Any) -> Any:
    """Call a method, and print how many rows it returned and the first row that parsing changed."""
    answer = getattr(api, f"{method}_with_http_info")(**arguments)
    received = filled(json.loads(answer.raw_data))
    parsed = filled(answer.data)
    rows = received if isinstance(received, list) else [received]
    others = parsed if isinstance(parsed, list) else [parsed]
    lost = [one for one, other in zip(rows, others, strict=True) if one != other]
    print(json.dumps({"method": method, "rows": len(rows), "lost": lost[:1]}))
    return answer.data


def main() -> None:
    """Call everything for every study, and download every file that the manifests list."""
    parser = argparse.ArgumentParser(prog="python client.py", description=__doc__)
    parser.add_argument("url", metavar="URL", help="address of the sandbox")
    parser.add_argument("key", metavar="KEY", help="its API key")
    options = parser.parse_args()
    import immport_client

    configuration = immport_client.Configuration(
        host=f"{options.url}/data/query", access_token=options.key, retries=0
    )
    with immport_client.ApiClient(configuration) as client:
        methods = list(apis(client))
        of = {method: api for api, method in methods}
        found = call(of["study_search"], "study_search", page_size="100")
        studies = [hit["_id"] for hit in found["hits"]["hits"]]
        for api, method in methods:
            parameters = inspect.signature(getattr(api, method)).parameters
            if method in ("study_search", "get_url_from_drs"):
                continue
            if "study_accession" not in parameters:
                call(api, method)
                continue
            is_path = parameters["study_accession"].default is inspect.Parameter.empty
            for study in studies:
                call(api, method, study_accession=study if is_path or "search" in method else [study])
        for study in studies:
            for file in of["get_file_details"].get_file_details(study, file_type="all"):
                for way in ("s3", "stream"):
                    download(of["get_url_from_drs"], file, way)


def download(api: Any, file: Any, way: str) -> None:
    """As immport-cli does: an address from DRS, the bytes without the key, the MD5 compared."""
    import urllib3

    answer = call(api, "get_url_from_drs", file_uuid=file.file_uuid, access_method=way)
    content = urllib3.request("GET", answer.url).data
    right = hashlib.md5(content, usedforsecurity=False).hexdigest() == file.generated_md5
    print(json.dumps({"method": "download", "rows": 1, "lost": [] if right else [file.path]}))


if __name__ == "__main__":
    main()
