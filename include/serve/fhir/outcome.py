"""Errors as a FHIR client expects them: an OperationOutcome with a status."""

from __future__ import annotations

from typing import Any


class FhirError(Exception):
    """A request that is not answered as it wants.

    :param status: of the HTTP answer.
    :param code: of FHIR's value set IssueType.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def outcome(code: str, message: str, severity: str = "error") -> dict[str, Any]:
    """An OperationOutcome of one issue."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": message}],
    }
