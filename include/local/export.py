"""`make export`: the star and the marts of a warehouse as Parquet files."""

from __future__ import annotations

from sqlalchemy import URL

from include.local.options import LocalError
from include.local.paths import Paths


def run_export(paths: Paths, url: URL, root: str | None, as_of: str | None) -> int:
    """Write the files and print where they are.

    :param root: folder or object storage URL; a folder per warehouse below `var/` without it.
    :raises LocalError: the warehouse is of another revision, the release is unknown, or the
        place cannot be written.
    """
    from include.serve.export import ExportError, UnknownReleaseError, export_star
    from include.warehouse.schema.engine import warehouse_engine
    from include.warehouse.schema.revision import OutdatedWarehouseError, require_current

    engine = warehouse_engine(url)
    try:
        require_current(engine)
        done = export_star(engine, root or str(paths.export(str(url.database))), as_of)
    except UnknownReleaseError as error:
        raise LocalError(str(error).replace("star.as_of", "AS_OF", 1)) from error
    except (ExportError, OutdatedWarehouseError) as error:
        raise LocalError(str(error)) from error
    finally:
        engine.dispose()
    word = "written" if done.is_new else "unchanged since they were written"
    print(f"{done.release}: {done.files} files, {done.rows:,} rows, {done.bytes / 1e6:,.1f} MB, {word}")
    print(done.location)
    return 0
