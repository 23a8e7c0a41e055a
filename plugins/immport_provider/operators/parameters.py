"""The parameters of a task, read as a whole before any work is done.

A field has the name of the operator's argument. An empty one, None or an empty text, means its default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import model_validator as validate_model

from include.sources.impc.files import FilesOf
from include.sources.release import Release
from include.sources.source import is_study

if TYPE_CHECKING:
    from include.pipeline.route import RoutePreference

#: Characters of a value that an error quotes.
_QUOTED = 80


class ParameterError(ValueError):
    """A parameter does not mean anything: correct it and trigger the run again."""


def _accession(text: str) -> str:
    name = text.strip().upper()
    if not is_study(name):
        raise ValueError("not the accession of a study, such as SDY180")
    return name


def _listed(value: Any) -> Any:
    """`SDY1, SDY2` as people type it; a list as it is."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _named(value: Any) -> Any:
    """One name that may hold blanks, or a list of such names."""
    return (value,) if isinstance(value, str) else value


def _release(value: Any) -> Any:
    return Release.parse(value) if isinstance(value, str) else value


Study = Annotated[str, AfterValidator(_accession)]
Studies = Annotated[tuple[Study, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_named)]
Types = Annotated[tuple[Annotated[str, Field(pattern="^[a-z_]+$")], ...], BeforeValidator(_listed)]
DataRelease = Annotated[Release, BeforeValidator(_release)]
RouteName = Literal["auto", "api", "package"]


class Parameters(BaseModel):
    """Parameters of an operator; a subclass declares them."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def of(cls, operator: object) -> Self:
        """The parameters that an operator was given, templates rendered.

        :raises ParameterError: names each parameter that is wrong, what is wrong, and the value.
        """
        given = {name: getattr(operator, name) for name in cls.model_fields}
        try:
            return cls(**{name: value for name, value in given.items() if value is not None and value != ""})
        except ValidationError as error:
            found = (_in_words(item) for item in error.errors(include_url=False))
            raise ParameterError("; ".join(found)) from None


def _in_words(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"])
    what = item["msg"].removeprefix("Value error, ")
    return f"parameter {name}: {what}, not {str(item['input'])[:_QUOTED]!r}" if name else what


class DiscoverParameters(Parameters):
    """Of `ImmPortDiscoverOperator`."""

    studies: Studies = ()
    force: bool = False
    approve_withdrawals: bool = False
    approve_releases: bool = False
    retract_after: DataRelease | None = None
    max_withdrawn_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    check_files: bool = False
    replay: bool = False
    replay_until: DataRelease | None = None


class SourceParameters(Parameters):
    """Of `SourceDiscoverOperator`; what a scope or a release is, the source decides."""

    scopes: Names = ()
    force: bool = False
    approve_withdrawals: bool = False
    max_withdrawn_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    replay: bool = False
    replay_until: str | None = None


def _declared(name: str) -> str:
    from include.warehouse.model.registry import SOURCES

    if name not in SOURCES:
        raise ValueError(f"not a source ({', '.join(SOURCES)})")
    return name


class DryRunParameters(Parameters):
    """Of `ReplayPlanOperator`; what a scope or a release is, the source decides."""

    source: Annotated[str, AfterValidator(_declared)] = "immport"
    scopes: Names = ()
    rule: str | None = None
    until: str | None = None


class ScopesParameters(Parameters):
    """Of `ReplayDryRunOperator`."""

    source: Annotated[str, AfterValidator(_declared)] = "immport"
    studies: Names = ()


class BackfillParameters(Parameters):
    """Of `ImmPortBackfillOperator`."""

    studies: Studies = ()
    first_release: DataRelease | None = None
    last_release: DataRelease | None = None
    is_dry_run: bool = True
    force: bool = False

    @validate_model(mode="after")
    def _is_a_span(self) -> Self:
        from include.pipeline.backfill import Span

        Span(self.first_release, self.last_release)
        return self


class BatchParameters(Parameters):
    """Of the operators that do one step for each load of a batch."""

    load_ids: tuple[int, ...] = ()
    studies: Names = ()
    accept_vanished: bool = False

    @property
    def preference(self) -> RoutePreference:
        """The requested routes: a matter of extract alone."""
        from include.pipeline.route import RoutePreference

        return RoutePreference()


class ExtractParameters(BatchParameters):
    """Of `ImmPortExtractOperator`."""

    route: RouteName = "auto"
    routes: dict[Study, RouteName] = {}

    @property
    def preference(self) -> RoutePreference:
        from include.pipeline.route import RoutePreference

        return RoutePreference.read(self.route, self.routes)


class PlanFilesParameters(Parameters):
    """Of `ImmPortPlanFilesOperator`."""

    files_of: FilesOf = FilesOf.STUDIES
    image_centres: Names = ()
    image_genes: Names = ()
    image_procedures: Names = ()
    most_images: Annotated[int, Field(ge=0)] | None = None
    studies: Studies = ()
    types: Types = ()
    pattern: Annotated[str, Field(min_length=1)] = "*"
    max_bytes: Annotated[int, Field(ge=0)] | None = None
    fcs_headers_only: bool = False
    is_dry_run: bool = False


class FileBatch(BaseModel):
    """Files of one download task.

    :param first: position of the first file in the plan.
    :param count: how many positions.
    """

    model_config = ConfigDict(frozen=True)

    first: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=0)]
    studies: Names = ()


class DownloadParameters(Parameters):
    """Of `ImmPortDownloadOperator`."""

    batch: FileBatch
    files_of: FilesOf = FilesOf.STUDIES
    fcs_headers_only: bool = False


class ExportParameters(Parameters):
    """Of `ImmPortExportOperator`."""

    destination: str | None = None
    as_of: DataRelease | None = None


class SensorParameters(Parameters):
    """Of `ImmPortReleaseSensor`."""

    than: DataRelease | None = None
