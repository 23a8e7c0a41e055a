"""The pictures of the README show the pages as they are now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.local.paths import ROOT
from tests.support.screenshots import FOLDER, NOTE, PICTURES, digest

pytestmark = pytest.mark.skipif(not NOTE.exists(), reason="no pictures were taken yet: make screenshots")


def test_they_were_taken_after_the_last_change_of_the_pages() -> None:
    noted = json.loads(NOTE.read_text())
    assert noted == {"plugins/operations": digest()}, "pages changed: make screenshots, and look at them"


def test_the_readme_shows_each_of_them_and_there_is_no_other() -> None:
    readme = (ROOT / "README.md").read_text()
    assert {path.name for path in FOLDER.iterdir()} == {NOTE.name, *(picture.file for picture in PICTURES)}
    for picture in PICTURES:
        assert f'src="docs/screenshots/{picture.file}"' in readme
        assert (FOLDER / picture.file).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("file", ["page.html", "static/p.css", "static/p.js", "page.py", "queries/q.sql"])
def test_a_change_of_a_page_changes_the_digest(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("a")
    before = digest(tmp_path)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/chart.js").write_text("of others")
    (tmp_path / "page.pyc").write_text("compiled")
    assert digest(tmp_path) == before
    (tmp_path / file).write_text("b")
    assert digest(tmp_path) != before
