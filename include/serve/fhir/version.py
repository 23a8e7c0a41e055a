"""The versions of FHIR that are served, and which of them a client takes."""

from __future__ import annotations

from email.message import Message

from include.serve.fhir.outcome import FhirError
from include.sources.fhir.vocabulary import FhirVersion

MEDIA_TYPE = "application/fhir+json"
#: The versions that are served.
SERVED = (FhirVersion.R4B, FhirVersion.R5)


def content_type(version: FhirVersion) -> str:
    """The media type of an answer; its version without the last part: `fhirVersion=4.3`."""
    return f"{MEDIA_TYPE}; fhirVersion={version.rpartition('.')[0]}"


#: What a client may request. R4's resources of these types are those of R4B.
_REQUESTED = {
    "": FhirVersion.R4B,
    "4.0": FhirVersion.R4B,
    "4.0.1": FhirVersion.R4B,
    "4.3": FhirVersion.R4B,
    "4.3.0": FhirVersion.R4B,
    "5.0": FhirVersion.R5,
    "5.0.0": FhirVersion.R5,
}
#: Media types that are answered with JSON; `json` is short for them in `_format`.
_JSON = frozenset(
    {MEDIA_TYPE, "application/json", "application/json+fhir", "text/json", "json", "application/*", "*/*"}
)


def accepted_version(accept: str, wanted_format: str | None = None) -> FhirVersion:
    """The version that a client takes: of several, the one it prefers.

    :param accept: the header.
    :param wanted_format: the parameter `_format`, which goes before the header.
    :raises FhirError: 406, none of what it takes is served.
    """
    # A plus of a media type that was not quoted in the address is a blank now.
    given = accept if wanted_format is None else wanted_format.replace("fhir json", "fhir+json")
    kinds = [_parsed(item) for item in given.split(",") if item.strip()] or [("*/*", "", 1.0)]
    for kind, version, weight in sorted(kinds, key=lambda item: -item[2]):
        if weight > 0 and kind in _JSON and version in _REQUESTED:
            return _REQUESTED[version]
    raise FhirError(
        406, "not-supported", f"{MEDIA_TYPE} with fhirVersion 4.3 or 5.0 is served, not {given[:200]!r}"
    )


def _parsed(item: str) -> tuple[str, str, float]:
    """Media type, version and weight of a part of the header."""
    header = Message()
    header["content-type"] = item.strip()
    try:
        weight = float(str(header.get_param("q", "1")))
    except ValueError:
        weight = 0.0
    name = item.partition(";")[0].strip().lower()
    return name, str(header.get_param("fhirversion", "")), weight
