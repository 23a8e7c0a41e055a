"""The hook of tables of orthologs: MGI's report, or another one in its form."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from immport_provider.hooks.public_files import PublicFilesHook
from immport_provider.hooks.settings import Connection, Settings, read_open_settings
from include.sources.errors import ConfigurationError, ImmPortError
from include.sources.orthologs.source import HOMOLOG, MOUSE_HUMAN
from include.sources.orthologs.table import MGI_HOST, read_homology
from include.sources.row_reader import Intake

if TYPE_CHECKING:
    from tenacity.wait import wait_base


class OrthologTableHook(PublicFilesHook):
    """Tables of orthologs, as of `PublicFilesHook`; without an address MGI's.

    :param ortholog_table_conn_id: Airflow connection of type `ortholog_table`; the others as of `HttpClient`.
    """

    conn_name_attr: ClassVar[str] = "ortholog_table_conn_id"
    default_conn_name: ClassVar[str] = "ortholog_table_default"
    conn_type: ClassVar[str] = "ortholog_table"
    hook_name: ClassVar[str] = "Ortholog table"

    def __init__(
        self,
        ortholog_table_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(ortholog_table_conn_id, wait=wait, sleep=sleep, clock=clock)

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked.

        :raises ValueError: which field is wrong; one that holds credentials is.
        """
        return read_open_settings(connection, MGI_HOST)

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        return f"the table needs no key: check the address in the connection {self.conn_id}"

    def test_connection(self) -> tuple[bool, str]:
        """Read the table."""
        try:
            with self:
                found = self.request(
                    HOMOLOG,
                    MOUSE_HUMAN,
                    lambda chunks: sum(1 for _ in read_homology(chunks, MOUSE_HUMAN, Intake())),
                    form="table",
                )
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        return True, f"{self.settings.source} has a table of orthologs with {found.content} genes."
