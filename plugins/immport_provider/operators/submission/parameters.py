"""The parameters of the operators of submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from immport_provider.operators.parameters import Parameters


class CheckParameters(Parameters):
    """Of `ImmPortCheckPackageOperator`."""

    package: Path
    notes: Annotated[str, Field(max_length=1000)] = ""
    is_offline: bool = False
    known: Path | None = None


class ChangesParameters(Parameters):
    """Of `ImmPortCheckChangesOperator`."""

    package: Path
    notes: Annotated[str, Field(max_length=1000)] = ""


class ValidateParameters(Parameters):
    """Of `ImmPortValidatePackageOperator`."""

    package: Path
    templates: Path | None = None
    lookups: Path | None = None
    known: Path | None = None


class SubmissionParameters(Parameters):
    """Of what goes on with a submission."""

    submission: Annotated[int, Field(gt=0)]


class SendParameters(SubmissionParameters):
    """Of `ImmPortSendPackageOperator`."""

    ticket: Annotated[str, Field(max_length=200, pattern=r"^[\w.@-]*$")] = ""
    repeat: bool = False
