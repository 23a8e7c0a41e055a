"""Panels and gating definitions as lines of JSON: one in, one out, whatever the number of lines.

A line of kind `header` is a panel, {"species": "human", "parameters": [{"pnn": "FITC-A", "pns": "CD3"}]}, one
of kind `population` a definition, {"species": "human", "definition": "CD3+14-"}. Further keys are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from include.cytometry.gating import GatingDefinition, read_definition
from include.cytometry.header_markers import Panel, read_panel
from include.cytometry.vocabulary import Vocabulary

#: Bytes of a line: a longer one is not read whole, so that no input fills the memory.
LONGEST_LINE = 16 * 1024 * 1024
_CHUNK = 64 * 1024


class ParameterNames(msgspec.Struct):
    """One parameter; $PnS may be absent, as it is in many files."""

    pnn: str
    pns: str | None = None


class PanelLine(msgspec.Struct):
    """A line of kind `header`."""

    species: str
    parameters: list[ParameterNames]


class DefinitionLine(msgspec.Struct):
    """A line of kind `population`."""

    species: str
    definition: str


@dataclass(frozen=True)
class LineResult:
    """What is printed for one line.

    :param number: of the line, from 1.
    :param json: an object; of a line that cannot be read, an object of `line` and `error`.
    :param error: why the line could not be read, None when it was.
    :param note: what a reader should know of the line, None for nothing.
    """

    number: int
    json: bytes
    error: str | None = None
    note: str | None = None


def read_lines(kind: str, file: BinaryIO, vocabulary: Vocabulary) -> Iterator[LineResult]:
    """The result of each line that is not blank, as soon as it is read.

    :param kind: one of `KINDS`.
    """
    read = KINDS[kind]
    for number, line in enumerate(_lines(file), 1):
        if line is not None and not line.strip():
            continue
        if line is None:
            yield _error(number, f"longer than {LONGEST_LINE:,} bytes")
            continue
        try:
            result, note = read(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, vocabulary)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield _error(number, str(error))
        else:
            yield LineResult(number, msgspec.json.encode(result), note=note)


def _error(number: int, text: str) -> LineResult:
    return LineResult(number, msgspec.json.encode({"line": number, "error": text}), error=text)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines, None for one that is too long."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(_CHUNK)
        yield None


def _of_panel(line: bytes, vocabulary: Vocabulary) -> tuple[dict[str, object], str | None]:
    given = msgspec.json.decode(line, type=PanelLine)
    names = vocabulary.names(given.species)
    panel = read_panel(((item.pnn, item.pns or "") for item in given.parameters), names)
    return panel_object(panel), _of_species(given.species, names.is_known_species)


def panel_object(panel: Panel) -> dict[str, object]:
    """A panel as it is printed."""
    rows = [
        {
            "pnn_reported": item.pnn_reported,
            "pnn_preferred": item.pnn_preferred,
            "pns_reported": item.pns_reported,
            "pns_preferred": item.pns_preferred,
        }
        for item in panel.parameters
    ]
    return {"rows": rows, "panel_preferred": panel.preferred, "unknown": panel.unknown}


def _of_definition(line: bytes, vocabulary: Vocabulary) -> tuple[dict[str, object], str | None]:
    given = msgspec.json.decode(line, type=DefinitionLine)
    names = vocabulary.names(given.species)
    definition = read_definition(given.definition, names)
    notes = filter(None, (_of_species(given.species, names.is_known_species), definition.note))
    return definition_object(definition), "; ".join(notes) or None


def definition_object(definition: GatingDefinition) -> dict[str, object]:
    """A gating definition as it is printed."""
    rows = [
        {
            "population_marker_reported": item.reported,
            "population_marker_preferred": item.preferred,
            "preferred_analyte_accession": item.accession or "",
        }
        for item in definition.elements
    ]
    return {"rows": rows, "definition_preferred": definition.preferred, "unknown": definition.unknown}


def _of_species(species: str, is_known: bool) -> str | None:
    return None if is_known else f"no analytes of the species {species!r}, other markers alone are looked up"


_Reader = Callable[[bytes, Vocabulary], tuple[dict[str, object], str | None]]
#: How a line of each kind is read.
KINDS: dict[str, _Reader] = {"header": _of_panel, "population": _of_definition}
