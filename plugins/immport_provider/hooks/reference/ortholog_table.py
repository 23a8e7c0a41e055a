"""The hook of tables of orthologs: MGI's report, or another one in its form."""

from __future__ import annotations

from typing import ClassVar

from immport_provider.hooks.public_files import PublicFilesHook
from include.sources.orthologs.source import HOMOLOG, MOUSE_HUMAN
from include.sources.orthologs.table import MGI_HOST, read_homology
from include.sources.row_reader import Intake


class OrthologTableHook(PublicFilesHook):
    """Tables of orthologs, as of `PublicFilesHook`; without an address MGI's.

    Parameters as of `HttpClient`; the connection is of type `ortholog_table`.
    """

    default_conn_name: ClassVar[str] = "ortholog_table_default"
    conn_type: ClassVar[str] = "ortholog_table"
    hook_name: ClassVar[str] = "Ortholog table"
    home: ClassVar[str] = MGI_HOST
    needs_no_key: ClassVar[str] = "the table needs no key"

    def look(self) -> tuple[bool, str]:
        """The table."""
        found = self.request(
            HOMOLOG,
            MOUSE_HUMAN,
            lambda chunks: sum(1 for _ in read_homology(chunks, MOUSE_HUMAN, Intake())),
            form="table",
        )
        return True, f"{self.settings.source} has a table of orthologs with {found.content} genes."
