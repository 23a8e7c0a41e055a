"""What an answer that the source refuses for good costs: its study, or its endpoint alone, as declared."""

from __future__ import annotations

from include.pipeline import answers, records
from include.pipeline.answers import Context
from include.pipeline.proof import Expected
from include.pipeline.verdict import is_final, is_of_one_question
from include.sources.model import Endpoint, Withholds


def land(context: Context, endpoint: Endpoint, expected: Expected | None) -> None:
    """Land the answer of an endpoint. Where the study does not wait for it, a refusal is noted in its place.

    The gate then withholds the endpoint: its tables keep the versions that they have.

    :raises Exception: as `answers.land`: another try may have the answer, or the study waits for it.
    """
    try:
        answers.land(context, endpoint, expected)
    except Exception as error:
        # To divide an answer, others are asked: of those, each has its own turn and its own declaration.
        is_its_own = getattr(error, "endpoint", endpoint.name) == endpoint.name
        is_alone = endpoint.withholds is Withholds.ITSELF and is_its_own
        if not is_alone or not is_refusal(context, error):
            raise
        for part in context.pieces(endpoint):
            context.tools.landing.discard(context.fetch, context.landed.pop(part.name))
        context.landed[endpoint.name] = context.tools.landing.leave_out(
            context.fetch, endpoint, refused=records.brief(error)
        )


def is_refusal(context: Context, error: Exception) -> bool:
    """Whether the source refuses one question for good: nobody tries again, and others may be answered."""
    return is_of_one_question(error) and is_final(error, is_last_try=context.tools.is_last_try)
