"""Where things lie on this machine: all that is made goes under `var/` of the checkout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Paths:
    """The layout of `var/`."""

    var: Path

    @classmethod
    def default(cls) -> Paths:
        """`var/` of this checkout, or the folder that WAREHOUSE_VAR names."""
        return cls(Path(os.environ.get("WAREHOUSE_VAR") or ROOT / "var").resolve())

    @property
    def postgres(self) -> Path:
        """Home of the embedded server."""
        return self.var / "postgres"

    @property
    def postgres_tests(self) -> Path:
        """Home of the server that the tests use, kept so that the next session starts at once."""
        return self.var / "postgres-tests"

    @property
    def airflow(self) -> Path:
        """Airflow's home in the standing system."""
        return self.var / "airflow"

    @property
    def airflow_demo(self) -> Path:
        """Airflow's home in `make demo`, which runs without any Airflow server."""
        return self.var / "airflow-demo"

    @property
    def logs(self) -> Path:
        """Output of every process that runs in the background."""
        return self.var / "logs"

    def landing(self, world: str) -> Path:
        """What was received from one world, for ever."""
        return self.var / "landing" / world

    def export(self, world: str) -> Path:
        """Parquet copies of one world's warehouse."""
        return self.var / "export" / world

    def templates(self, world: str) -> Path:
        """Upload templates of studies of one world's warehouse."""
        return self.var / "templates" / world

    def remember_world(self, database: str) -> None:
        """Note the database last used: `make psql` and `make url` open it."""
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "world").write_text(database + "\n")

    def last_world(self) -> str | None:
        """The database last used, None before the first."""
        try:
            return (self.var / "world").read_text().strip()
        except FileNotFoundError:
            return None
