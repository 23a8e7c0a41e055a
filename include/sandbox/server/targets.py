"""What a request is about, for the faults that are switched on."""

from __future__ import annotations

from starlette.requests import Request

from include.sandbox.impc.solr_server import IMPC_NAMES
from include.sandbox.server.faults import FaultTarget


def target_of(name: str, request: Request) -> FaultTarget:
    """The endpoint and the study of a request; of IMPC, the release, image or filter."""
    study = request.path_params.get("study") or request.query_params.get("studyAccession")
    if name in IMPC_NAMES:
        of_path = request.path_params.get("release") or request.path_params.get("image")
        study = of_path or request.query_params.get("fq")
    return FaultTarget(name, study)
