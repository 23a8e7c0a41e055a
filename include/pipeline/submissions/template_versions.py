"""The versions of ImmPort's templates that the upload service gave out: kept as received, the newest used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.submission.templates.declarations import Templates
from include.warehouse.schema.ops_tables import TEMPLATE_VERSION


def keep(engine: sa.Engine, templates: Templates, content: bytes) -> None:
    """Keep what the service gave out; of a version that is known, when it was last seen.

    :param templates: as they were read from it.
    :param content: the zip file.
    """
    values = {
        "content_digest": templates.digest,
        "schema_versions": ", ".join(sorted({one.schema_version for one in templates})),
        "templates": len(templates),
        "content": content,
    }
    new = upsert(TEMPLATE_VERSION).values(values)
    # Its vocabularies may be others although the templates are the same: the newest ones are kept.
    changed = {"last_seen_at": sa.func.now(), "content": new.excluded.content}
    with engine.begin() as connection:
        connection.execute(new.on_conflict_do_update(index_elements=["content_digest"], set_=changed))


@contextmanager
def newest(engine: sa.Engine) -> Iterator[Path | None]:
    """The zip file of the version that was given out last, for as long as it is needed; None before any."""
    query = sa.select(TEMPLATE_VERSION.c.content).order_by(TEMPLATE_VERSION.c.last_seen_at.desc()).limit(1)
    with engine.connect() as connection:
        content = connection.scalar(query)
    if content is None:
        yield None
        return
    with TemporaryDirectory(prefix="immport-templates-") as folder:
        path = Path(folder, "templates.zip")
        path.write_bytes(content)
        yield path
