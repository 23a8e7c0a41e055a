"""Gene lists out of a folder, as they are on disk at each request; for tests with real files.

all_gene_lists.json, all_gene_lists*.gmt, other *.json and *.txt     under `current`
legacy/GeneList.tsv, legacy/GeneListGOAnnotation.tsv, legacy/by_category/*.txt     under `legacy`
HOM_MouseHumanSequence.rpt     the table of orthologs, in place of a synthetic one
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from include.sandbox.gene_lists.public_object import PublicObject
from include.sources.gene_lists.files import ANNOTATIONS, CURRENT, GMT, LEGACY, TABLE
from include.sources.orthologs.table import HOMOLOGY


class FolderLists:
    """The files of a folder.

    :raises ValueError: there is no such folder, or none of these files in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not any(self._files()):
            raise ValueError(f"{folder}: no such folder, or no gene lists in it")

    def objects(self, place: int) -> Mapping[str, PublicObject]:
        """All objects, whatever the data release; a file that changes is another object at once."""
        found = {}
        for key, path in self._files():
            written = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
            found[key] = PublicObject(key, path.read_bytes(), written)
        return found

    def _files(self) -> Iterator[tuple[str, Path]]:
        for path in sorted(self._folder.glob("*.gmt")):
            yield GMT.path, path
        for path in sorted(item for end in ("json", "txt") for item in self._folder.glob(f"*.{end}")):
            yield f"{CURRENT}/{path.name}", path
        for path in self._folder.glob(Path(HOMOLOGY.path).name):
            yield HOMOLOGY.path, path
        legacy = self._folder / "legacy"
        for file in (TABLE, ANNOTATIONS):
            for path in sorted(legacy.glob(f"{Path(file.path).stem}.t*")):
                yield file.path, path
        for path in sorted((legacy / "by_category").glob("*.txt")):
            yield f"{LEGACY}/{path.name}", path
