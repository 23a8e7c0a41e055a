"""What can go wrong with ImmPort, named by what the caller does about it.

No message holds a header, a key, a token or a signed URL.
"""

from __future__ import annotations

from include.sources.foreign import clean

#: Characters of an error's text.
_LONGEST = 2_000


class ImmPortError(Exception):
    """A request that did not succeed.

    :param what: what happened.
    :param status: HTTP status, when there was an answer.
    :ivar source: host that received the request.
    :ivar endpoint: the endpoint's name.
    :ivar study: accession, when the request was about one study.
    :ivar parameters: query parameters that were sent; they hold no secret.
    :ivar filters: those of them that request a part of a study.
    :ivar tries: how often the request was made.
    """

    def __init__(self, what: str, status: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.status = status
        self.source = "ImmPort"
        self.endpoint = "connection"
        self.study: str | None = None
        self.parameters: dict[str, str] = {}
        self.filters: dict[str, str] = {}
        self.tries = 1

    def __str__(self) -> str:
        about = f" of {self.study}" if self.study else ""
        if self.filters:
            about += f" ({', '.join(f'{name}={value}' for name, value in self.filters.items())})"
        tries = f" ({self.tries} tries)" if self.tries > 1 else ""
        # What it quotes may be the source's: of any length, with any character.
        return clean(f"{self.source}: {self.endpoint}{about}: {self.what}{tries}", _LONGEST)


class ConfigurationError(ImmPortError):
    """The Airflow connection is filled in wrongly: correct it."""


class CredentialError(ImmPortError):
    """The key or the password is not accepted: renew it. Nothing else can succeed until then."""


class AccessError(ImmPortError):
    """The key is not allowed this: skip and record the study, others may be open."""


class RequestError(ImmPortError):
    """The request itself is refused: trying again cannot help."""


class ForbiddenAddressError(RequestError):
    """A file's address leads into a network that the connection is not part of: nothing is sent there."""


class PagesExpiredError(RequestError):
    """The pages of a search are no longer there: only a new search has any."""


class MissingFileError(RequestError):
    """A file that ImmPort lists and does not have: only ImmPort can bring it back."""


class UnknownTicketError(RequestError):
    """The upload service does not know a ticket, or has no report of it yet."""


class RetriableError(ImmPortError):
    """Trying again later may help. The hook tried for seconds, Airflow tries for minutes.

    :ivar retry_after: seconds that the source requested to wait, if it did.
    """

    retry_after: float | None = None


class AnswerTimeoutError(RetriableError):
    """No connection, no further byte, or no end of the answer in time."""


class NoConnectionError(AnswerTimeoutError):
    """No connection in time: the question was not even heard."""


class TooSlowError(RetriableError):
    """Bytes come, but fewer than the least rate: a smaller question would come as slowly."""


class ConnectionLostError(RetriableError):
    """The connection failed or ended before the answer did."""


class NeverConnectedError(ConnectionLostError):
    """There was no connection at all: nothing was sent."""


class RateLimitError(RetriableError):
    """Too many requests: 429."""


class ServerError(RetriableError):
    """The source failed: 5xx."""


class NotReadyError(RetriableError):
    """The source accepted the request and is not done yet: 202."""


class BadAnswerError(RetriableError):
    """Status 200, but not the data that the endpoint promises: an HTML page, broken or cut JSON."""


class WrongFileError(BadAnswerError):
    """A file that came whole, twice, and is not the one the manifest describes: waiting will not help."""


def is_request_too_large(error: BaseException) -> bool:
    """Whether a smaller request may succeed: the source received this one and did not answer in time."""
    if isinstance(error, AnswerTimeoutError):
        return not isinstance(error, NoConnectionError)
    return isinstance(error, ServerError) and error.status == 504
