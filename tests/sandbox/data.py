"""Where real ImmPort data for tests lies, if it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("IMMPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
ARCHIVES = DATA / "immport" / "archives"
SCHEMA = DATA / "immport" / "schema" / "shared_data_api.json"
SAMPLES = DATA / "immport" / "api"

needs_data = pytest.mark.skipif(
    not ARCHIVES.is_dir(), reason=f"no real ImmPort data in {DATA} (IMMPORT_TEST_DATA)"
)
