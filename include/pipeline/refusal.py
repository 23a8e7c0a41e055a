"""What an answer that the source refuses for good costs: its study, or its endpoint alone, as declared.

A package that is refused costs its route: the study comes by the API, unless the run requests the package.
"""

from __future__ import annotations

from include.pipeline import run_ledger
from include.pipeline.answers import land_answer
from include.pipeline.answers.completeness import Expected, SplitNotWholeError
from include.pipeline.answers.land_answer import Context
from include.pipeline.circuit_breaker import CircuitOpenError, ServiceDownError
from include.pipeline.verdict import is_final, is_of_one_request
from include.sources.endpoint import Endpoint, Route, Withholds
from include.sources.errors import (
    ConfigurationError,
    CredentialError,
    ImmPortError,
    MissingFileError,
    RateLimitError,
    RetriableError,
    WrongFileError,
)
from include.sources.immport.endpoints import STUDY_ENDPOINTS
from include.sources.reader import read_rows


def land(context: Context, endpoint: Endpoint, expected: Expected | None) -> None:
    """Land the answer of an endpoint. Where the study does not wait for it, a refusal is noted in its place.

    The gate then withholds the endpoint: its tables keep the versions that they have.

    :raises Exception: as `answers.land`: another try may have the answer, or the study waits for it.
    """
    try:
        land_answer.land(context, endpoint, expected)
    except Exception as error:
        # To divide an answer, others are requested: each of those has its own turn and its own declaration.
        is_its_own = getattr(error, "endpoint", endpoint.name) == endpoint.name
        is_alone = endpoint.withholds is Withholds.ITSELF and is_its_own
        if not is_alone:
            raise
        if not is_refusal(context, error):
            _prove_service(context, error)
            raise
        for part in context.parts(endpoint):
            context.tools.landing.discard(context.fetch, context.landed.pop(part.name))
        context.landed[endpoint.name] = context.tools.landing.leave_out(
            context.fetch, endpoint, refused=run_ledger.brief(error)
        )


def gives_way(context: Context, route: Route, error: Exception) -> bool:
    """Whether a study comes by its other route after this one failed: what failed is this route's alone."""
    if isinstance(error, SplitNotWholeError | MissingFileError | WrongFileError):
        return True
    return route is Route.PACKAGE and is_dispensable(context, error)


def is_dispensable(context: Context, error: Exception) -> bool:
    """Whether the API may answer what a file failed with for good.

    ImmPort refuses the file, does not manage it on the last try, does not open it to the key, or the circuit
    of its host is open. A key that is not accepted, a wrong connection and the local disk concern the API,
    too, as does its own circuit.
    """
    if not isinstance(error, ImmPortError) or not is_final(error, is_last_try=context.tools.is_last_try):
        return False
    if isinstance(error, CircuitOpenError | ServiceDownError):
        return error.source != context.hook.settings.source
    return not isinstance(error, CredentialError | ConfigurationError)


def _prove_service(context: Context, error: Exception) -> None:
    """Request the study once, where an endpoint that no result waits for failed and is to be tried again.

    If it is answered, the failure is the endpoint's; if not, it is the service's, and the circuit counts it.

    :raises ImmPortError: the study is not answered either.
    """
    if isinstance(error, RetriableError) and not isinstance(error, RateLimitError | CircuitOpenError):
        root = STUDY_ENDPOINTS[0]
        context.hook.fetch(root, context.load.scope, lambda chunks: list(read_rows(chunks, root)), tries=1)


def is_refusal(context: Context, error: Exception) -> bool:
    """Whether the source refuses one request for good: others may be answered."""
    return is_of_one_request(error) and is_final(error, is_last_try=context.tools.is_last_try)
