"""Files of IMPC's images: which are wanted, by what the star has of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.pipeline.downloads.file_selection import WantedFiles
from include.sources.impc.files import FilesOf
from include.sources.impc.source import IMPC
from include.sources.remote_files import ListedFile

#: Bytes that a file is expected to take of a run's budget: no source states how long a picture is.
EXPECTED_BYTES = {FilesOf.THUMBNAILS: 64 * 1024, FilesOf.IMAGES: 8 * 1024 * 1024}
#: Ends of the names of files, by the format that the star has of them.
_ENDS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "BMP": "bmp", "DICOM": "dcm", "PDF": "pdf"}
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}")

_QUERY = """
select distinct
    c.phenotyping_centre_id as scope, f.omero_id, f.has_omero_copy, f.file_sha256, f.download_url,
    f.thumbnail_url, t.file_format
from star.fact_impc_image f
join star.dim_phenotyping_centre c using (phenotyping_centre_key)
join star.dim_mouse_gene g using (mouse_gene_key)
join star.dim_impc_procedure p using (impc_procedure_key)
join star.dim_impc_file_type t using (impc_file_type_key)
where (:all_centres or c.phenotyping_centre_id = any(:centres))
    and (:all_genes or g.mgi_id = any(:genes))
    and (:all_procedures or p.procedure_stable_id = any(:procedures))
order by scope, f.file_sha256, f.omero_id, f.download_url, f.thumbnail_url
"""


@dataclass(frozen=True)
class ImageFilter:
    """Which images are wanted; all that an empty field is about.

    :param kind: `THUMBNAILS` or `IMAGES`.
    :param centres: phenotyping centres.
    :param genes: accessions at MGI.
    :param procedures: stable identifiers, IMPC_XRY_001.
    :param most: files at most; None for no limit.
    """

    kind: FilesOf
    centres: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    most: int | None = None

    def __str__(self) -> str:
        centres, genes, procedures = (
            ", ".join(names) or "all" for names in (self.centres, self.genes, self.procedures)
        )
        return f"{self.kind}; centres {centres}; genes {genes}; procedures {procedures}"


def list_images(engine: sa.Engine, selection: ImageFilter) -> list[ListedFile]:
    """Files of the wanted images, those of a centre together; each once, though several images show it.

    The path of a file has its checksum where IMPC states one, and says nothing that IMPC names freely.
    """
    named = {"centres": selection.centres, "genes": selection.genes, "procedures": selection.procedures}
    parameters: dict[str, Any] = {name: list(values) for name, values in named.items()}
    parameters |= {f"all_{name}": not values for name, values in named.items()}
    with engine.connect() as connection:
        rows = connection.execute(sa.text(_QUERY), parameters).all()
    files = list(_each_once(_file(row, selection.kind) for row in rows))
    return files if selection.most is None else files[: selection.most]


def wanted_images(engine: sa.Engine, selection: ImageFilter) -> WantedFiles:
    """The same, as the plan of a run takes it."""
    files = list_images(engine, selection)
    return WantedFiles(files, str(selection), IMPC.name, len({file.study for file in files}))


def _each_once(files: Iterable[ListedFile]) -> Iterator[ListedFile]:
    seen: set[str] = set()
    for file in files:
        if (known_by := file.uuid or file.path) not in seen:
            seen.add(known_by)
            yield file


def _file(row: Any, kind: FilesOf) -> ListedFile:
    """The file of an image; one without an address cannot be had, and has no UUID."""
    is_small = kind is FilesOf.THUMBNAILS
    address = (row.thumbnail_url if is_small else row.download_url) or ""
    sha256 = None if is_small else row.file_sha256
    name = _name(sha256 or (row.omero_id if row.has_omero_copy else None) or address or row.file_sha256)
    end = "jpg" if is_small else _ENDS.get(row.file_format, "bin")
    folder = "thumbnails" if is_small else "images"
    return ListedFile(
        row.scope,
        f"{folder}/{name}" if address else "",
        f"{name}.{end}",
        None,
        None,
        kind=str(kind),
        path=f"impc/{folder}/{name[:2]}/{name}.{end}",
        sha256=sha256,
        address=address or None,
        expected_bytes=EXPECTED_BYTES[kind],
    )


def _name(known_by: str | None) -> str:
    """What a file is known by, as a name; a digest of what cannot be one."""
    text = known_by or ""
    return text if _PLAIN.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:32]
