"""Extract: land everything a load needs, by the API or as a package. It can be killed and run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from include.landing.manifest import COUNTS, PACKAGE
from include.landing.zone import Fetch, Landed
from include.pipeline import drift, planned_loads, refusal, run_ledger
from include.pipeline.answers.completeness import Expected, SplitNotWholeError
from include.pipeline.answers.land_answer import Context
from include.pipeline.backfill import KINDS
from include.pipeline.batch_runner import StepContext
from include.pipeline.route import RouteChoice, RouteError, choose
from include.pipeline.run_ledger import EXTRACTED, Load, Step
from include.sources.endpoint import Endpoint, Route
from include.sources.errors import BadAnswerError, CredentialError, ImmPortError, WrongFileError
from include.sources.immport.endpoints import ENDPOINTS, SERVED, STUDY_ENDPOINTS
from include.sources.immport.inventory import Inventory, InventoryError, read_inventory
from include.sources.immport.release_files import issued, newest
from include.sources.package import package_reader
from include.sources.package.recipes import RECIPES
from include.sources.plausible import doubt
from include.sources.release import Release
from include.warehouse.load import fence

if TYPE_CHECKING:
    from include.sources.client import SourceClient
    from include.sources.remote_files import ListedFile

_MANIFEST, _STUDY = ENDPOINTS["manifest"], STUDY_ENDPOINTS[0]
#: Bytes of a package between two words about how far it is.
_REPORT_EVERY = 8 << 20


class ImplausibleReleaseError(RuntimeError):
    """Files of a study are named after a release that cannot be: taken for real, it would stay the newest."""


class ReleaseMovedError(RuntimeError):
    """The study was released anew while it was fetched: the answers belong to two releases."""


def extract(tools: StepContext, hook: SourceClient, load: Load, step: Step) -> None:
    """Land a study. What an interrupted try landed is not fetched again.

    :raises SupersededError: a newer attempt has taken the load; nothing that it landed is touched.
    """
    # No file of the fetch is put into place by an attempt that another one has superseded.
    landing = tools.landing.guarded(partial(fence.holding, tools.engine, load.load_id, load.fence))
    fetch = load.fetch
    if not landing.is_complete(fetch):
        with landing.together() as together:
            load, fetch = _land(replace(tools, landing=together), hook, load, fetch, step)
    manifest = landing.read_manifest(fetch)
    # The rows of a package are counted when it is staged.
    step.rows = None if manifest.package else manifest.rows
    size = sum(item.size_bytes for item in manifest.landed)
    step.message = f"{_summary(manifest.landed)}, {size / 1e6:.1f} MB"
    with run_ledger.writing(tools.engine, load) as connection:
        drift.note_drift(connection, load, manifest.landed)
        run_ledger.set_state(connection, load, EXTRACTED)


def _land(tools: StepContext, hook: SourceClient, load: Load, fetch: Fetch, step: Step) -> tuple[Load, Fetch]:
    """Land all that a load needs. Returns the load, whose release may have turned out to be later, and where
    it was landed."""
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    # Nothing else can be fetched with that key, whichever task of the run learned it first.
    if refused := run_ledger.refused_credentials(tools.engine, tools.run_id):
        raise CredentialError(f"no request sent, credentials were refused: {refused}")
    context = _fetch(Context(tools, hook, load, fetch, step, tools.landing.partial(fetch)))
    tools.landing.write_manifest(
        context.fetch,
        context.landed.values(),
        source=hook.settings.base,
        release_date=_release_date(context.load),
        started_at=started,
    )
    return context.load, context.fetch


def _release_date(load: Load) -> str | None:
    """The day of the release that is loaded; the listing's day is that of the release it lists."""
    is_listed = load.listed_version in (None, load.release)
    return load.release_date.isoformat() if load.release_date and is_listed else None


def _fetch(context: Context) -> Context:
    """Land the study. Returns the context it was done in: its release may have turned out to be later."""
    load = context.load
    if load.file_uuid is not None:
        _take(context, RouteChoice(Route.PACKAGE, "the run names the package"))
        _land_package(context, _named_package(context))
        return context
    # Fetched by either route: it says what files there are, packages among them.
    _land_answer(context, _MANIFEST, None)
    context = _at_release_of_files(context)
    package = _offered(context, "tab")
    _take(context, _choice(context, package))
    by_route: dict[Route, Callable[[], None]] = {Route.API: lambda: _land_answers(context)}
    if package is not None:
        by_route[Route.PACKAGE] = lambda: _land_package(context, package)
    route = context.load.route or Route.API
    try:
        by_route[route]()
    except (SplitNotWholeError, ImmPortError) as error:
        others = [other for other in by_route if other is not route]
        is_requested = context.tools.preference.of(load.scope) is not None
        if not others or is_requested or not refusal.gives_way(context, route, error):
            raise
        if isinstance(error, ImmPortError) and context.hook.watch is not None:
            context.hook.watch.done_without(error)
        _take(context, RouteChoice(others[0], f"not available as {route}: {run_ledger.brief(error)}"))
        by_route[others[0]]()
    return context


def _at_release_of_files(context: Context) -> Context:
    """ImmPort issues files at later releases than their study states: its answers now belong to those."""
    load, tools = context.load, context.tools
    named = (issued(file.name) for file in _release_files(context))
    newest_files = max((item.release for item in named if item and item.study == load.scope), default=None)
    if newest_files is None or newest_files <= Release.parse(load.release):
        return context
    if why := doubt(newest_files, None, datetime.now(UTC).date()):
        raise ImplausibleReleaseError(f"{context.hook.settings.source}: release files of {load.scope}: {why}")
    moved = planned_loads.move(tools.engine, load, newest_files)
    tools.landing.discard(context.fetch, context.landed[_MANIFEST.name])
    fetch = moved.fetch
    context = Context(tools, context.hook, moved, fetch, context.step, tools.landing.partial(fetch))
    _land_answer(context, _MANIFEST, None)
    return context


def _offered(context: Context, what: str) -> ListedFile | None:
    """The release file of a kind (`tab`, `table_count`) that is of the release that is loaded."""
    load = context.load
    found = newest(_release_files(context), load.scope, what)
    return found[0] if found and found[1] == Release.parse(load.release) else None


def _take(context: Context, choice: RouteChoice) -> None:
    """Write down the route."""
    run_ledger.set_route(context.tools.engine, context.load, choice.route, choice.reason)
    context.load = replace(context.load, route=choice.route, route_reason=choice.reason)


def _choice(context: Context, package: ListedFile | None) -> RouteChoice:
    """The route. What an interrupted try chose holds."""
    load = context.load
    if load.route is not None and (package or load.route is Route.API):
        return RouteChoice(load.route, load.route_reason or "")
    return choose(
        load.scope,
        package.name if package else None,
        context.tools.preference,
        is_listed=context.landed[_MANIFEST.name].refused is None,
    )


def _release_files(context: Context) -> Iterator[ListedFile]:
    """The files of the release, as the landed manifest lists them."""
    from include.sources.remote_files import listed_files

    rows = context.tools.landing.rows(context.landed[_MANIFEST.name], _MANIFEST)
    return (file for file in listed_files(rows, context.load.scope) if file.kind == "release_file")


def _named_package(context: Context) -> ListedFile:
    """The package that the run names.

    :raises RouteError: ImmPort no longer lists it.
    """
    load = context.load
    for kind in KINDS:
        for file in context.hook.manifest(load.scope, kind):
            if file.uuid == load.file_uuid:
                return file
    raise RouteError(f"{load.name}: the package {load.file_uuid} is no longer listed")


def _inventory(context: Context) -> tuple[Inventory | None, str | None]:
    """The rows by table that the release counts, or why they are not known."""
    file, landing = _offered(context, "table_count"), context.tools.landing
    if file is None:
        return None, "no table counts are listed"
    try:
        if COUNTS not in context.landed:
            spool = landing.spool(context.fetch, file.name)
            context.hook.download(file, spool)
            context.landed[COUNTS] = landing.keep(context.fetch, file.name, spool, _about(file), what=COUNTS)
        with landing.package(context.landed[COUNTS]) as path:
            return read_inventory(file.name, path.read_text("utf-8", "replace")), None
    except InventoryError as error:
        return None, str(error)
    except ImmPortError as error:
        # Only a convenience: without it, everything is requested.
        if not isinstance(error, BadAnswerError) and not refusal.is_dispensable(context, error):
            raise
        return None, str(error)


def _about(file: ListedFile) -> dict[str, str]:
    return {"fileUUID": file.uuid, "md5": file.md5 or ""}


def _land_package(context: Context, package: ListedFile) -> None:
    # Answers of another route, tried before, stay where they lie: the fetch is made of the package.
    kept = (_MANIFEST.name, COUNTS, PACKAGE)
    context.landed = {name: item for name, item in context.landed.items() if name in kept}
    if PACKAGE not in context.landed:
        _download_package(context, package)
    _prove_readable(context, package)


def _download_package(context: Context, package: ListedFile) -> None:
    spool = context.tools.landing.spool(context.fetch, package.name)
    size = f" of {package.size_bytes / 1e6:,.1f}" if package.size_bytes else ""

    next_report = 0

    def progress(received: int, _: int) -> None:
        nonlocal next_report
        if received >= next_report:  # not for every chunk of some kilobytes
            next_report = received + _REPORT_EVERY
            context.step.progress(0, f"{package.name}: {received / 1e6:,.1f}{size} MB")

    context.hook.download(package, spool, progress=progress)
    context.landed[PACKAGE] = context.tools.landing.keep(context.fetch, package.name, spool, _about(package))


def _prove_readable(context: Context, package: ListedFile) -> None:
    """Make sure that the landed bytes are a package, while the other route can still be taken.

    :raises WrongFileError: they are not; nothing stays landed of them.
    """
    landing, landed = context.tools.landing, context.landed[PACKAGE]
    with landing.package(landed) as path:
        why = package_reader.unreadable(path)
    if why is not None:
        landing.discard(context.fetch, context.landed.pop(PACKAGE))
        error = WrongFileError(f"{package.name}: ImmPort has it, but it cannot be read: {why}")
        error.endpoint, error.study = "package", context.load.scope
        raise error


def _land_answers(context: Context) -> None:
    """Request every endpoint that may have rows. The study comes last: it shows whether its release moved."""
    inventory, _ = _inventory(context)
    for endpoint in (*(item for item in SERVED.values() if item is not _STUDY), _STUDY):
        _land_answer(context, endpoint, _expected(endpoint, inventory))
    _same_release(context)


def _land_answer(context: Context, endpoint: Endpoint, expected: Expected | None) -> None:
    if expected is not None and not expected.rows and not endpoint.required:
        if endpoint.name not in context.landed:
            why = f"no rows by {expected.source}"
            context.landed[endpoint.name] = context.tools.landing.leave_out(context.fetch, endpoint, why)
        return
    refusal.land(context, endpoint, expected)
    done = len(SERVED.keys() & {item.endpoint for item in context.landed.values()})
    rows = sum(item.rows for item in context.landed.values())
    context.step.progress(rows, f"{endpoint.name}, {done} of {len(SERVED)} endpoints")


def _expected(endpoint: Endpoint, inventory: Inventory | None) -> Expected | None:
    """The rows that the release counts: of an endpoint with one for each row of a table, or with none."""
    recipe = RECIPES.get(endpoint.name)
    rows = inventory.rows(recipe.table) if inventory and recipe and recipe.is_of_one_table else None
    if inventory is None or recipe is None or rows is None or (rows and not recipe.is_one_to_one):
        return None
    return Expected(rows, inventory.source)


def _same_release(context: Context) -> None:
    load = context.load
    for row in context.tools.landing.rows(context.landed[_STUDY.name], _STUDY):
        stated, listed = row.get("latestDataReleaseVersion"), load.listed_version or load.release
        if stated is not None and Release.parse(str(stated)) != Release.parse(listed):
            raise ReleaseMovedError(
                f"{load.name}: the study is at {stated} now; the next run loads it as that release"
            )


def _summary(landed: tuple[Landed, ...]) -> str:
    package = next((item for item in landed if item.endpoint == PACKAGE), None)
    if package is not None:
        return package.path.rpartition("/")[2]
    answered = {item.endpoint for item in landed if item.path and item.endpoint != COUNTS}
    refused = {item.endpoint for item in landed if item.refused}
    empty = {item.endpoint for item in landed if not item.path} - refused
    words = f"{len(answered)} endpoints" + (f", {len(empty)} known to be empty" if empty else "")
    return words + (f", refused by the source: {', '.join(sorted(refused))}" if refused else "")
