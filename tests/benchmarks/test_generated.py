"""Generated rows are read from recorded answers as they stand there, whatever block they end in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import generated
from benchmarks.generated import rows_of


@pytest.mark.parametrize("block", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("text", ["[]", '[{"a":1.00}]', '[{"a":"x,]}"}, {"a":null},{"a":-1e5}]\n', '{"a":7}'])
def test_every_row_is_read(block: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "_BLOCK", block)
    path = tmp_path / "answer"
    path.write_text(text)
    expected: Any = json.loads(text, parse_float=str)
    assert list(rows_of(path)) == (expected if isinstance(expected, list) else [expected])


@pytest.mark.parametrize("text", ['[{"a":1}', '[{"a":1},{"a"', '[{"a":1}] []'])
def test_an_answer_that_is_not_whole_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "answer"
    path.write_text(text)
    with pytest.raises(ValueError, match="no array of rows"):
        list(rows_of(path))
