"""ImmPort's upload templates as its own JSON declares them: columns, types, widths, vocabularies, references.

The JSON is data, fetched from ImmPort and never part of the project: every check and every written file
follows from it, so a later version of the templates needs no change here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

import msgspec

#: What the pseudo column between the description of a sample and its results is called.
SEPARATOR = "Result Separator Column"
#: Characters of an identifier or a file name whose width the JSON leaves open.
IDENTIFIER_WIDTH, FILE_NAME_WIDTH = 100, 240

_WIDTH = re.compile(r"varchar\((\d+)\)")
_FILE = re.compile(r"\bfile(name| names?)?(\(s\))?$", re.IGNORECASE)
_HOW_TO_GET = (
    "ImmPort gives them to whoever may upload: GET /data/upload/documentation/templates/{workspaceId} answers"
    " with a zip file, which may stay one"
)


class DeclarationsError(Exception):
    """The templates or the vocabularies cannot be read; the message says where they come from."""


class TemplateColumn(msgspec.Struct, frozen=True, rename="camel", dict=True):
    """A column of a template, under the names of ImmPort's JSON.

    :ivar template_column: its name in the header line.
    :ivar json_data_type: string, enum, array, number, positive (a whole number) or date.
    :ivar column_type: type of the database column that it is stored in, such as `varchar(100)`.
    :ivar conditional_required: required when the record that it describes is new.
    :ivar combined_column: the identifier of a record, new or known, in a template of several records a row.
    :ivar meta_result_data_type: `metaData` or `resultData` in templates with results, which may repeat.
    """

    template_column: str
    json_attribute: str
    json_data_type: str = "string"
    column_type: str | None = None
    required: bool = False
    conditional_required: bool = False
    combined_column: bool = False
    meta_result_data_type: str | None = None
    cv: bool = False
    cv_table_name: str | None = None
    pv: bool = False
    pv_table_name: str | None = None
    foreign_key: bool = False
    foreign_key_table_name: str | None = None
    table_name: str | None = None
    table_column: str | None = None
    description: str | None = None
    comment: str | None = None

    @property
    def name(self) -> str:
        return self.template_column

    @property
    def controlled(self) -> str | None:
        """Name of the vocabulary whose terms alone are allowed."""
        return self.cv_table_name if self.cv else None

    @property
    def preferred(self) -> str | None:
        """Name of the vocabulary whose terms are preferred; others are kept as they were reported."""
        return self.pv_table_name if self.pv else None

    @property
    def references(self) -> str | None:
        """The kind of record that it names by an identifier, such as `subject`."""
        return self.foreign_key_table_name if self.foreign_key else None

    @property
    def is_list(self) -> bool:
        """Whether it holds several values, separated by semicolons."""
        return self.json_data_type == "array"

    @property
    def is_result(self) -> bool:
        return self.meta_result_data_type == "resultData"

    @property
    def is_separator(self) -> bool:
        return self.template_column == SEPARATOR

    @cached_property
    def names_files(self) -> bool:
        """Whether its values are names of files of the package."""
        return _FILE.search(self.template_column) is not None and not (self.cv or self.pv)

    @property
    def defines(self) -> str | None:
        """The kind of record whose identifier a row makes here, in a column that is not a combined one."""
        is_identifier = self.table_column == "user_defined_id" and not self.combined_column
        return self.table_name if is_identifier and not self.foreign_key else None

    @cached_property
    def width(self) -> int | None:
        """Characters that a value may have, None for no limit.

        A reference is stored as an accession of 15 characters, but written as a lab's own identifier.
        """
        if self.foreign_key:
            return None
        found = _WIDTH.fullmatch(self.column_type or "")
        if found is None and self.names_files:
            return FILE_NAME_WIDTH
        return int(found[1]) if found else None

    @property
    def is_number(self) -> bool:
        """Whether only a number can be stored. A number stored as text may be written as `<10`, too."""
        return self.json_data_type == "number" and self.column_type == "float"


class TemplateTable(msgspec.Struct, frozen=True, rename="camel", dict=True):
    """Columns that make rows: a whole template, or one block of a compound one.

    :ivar template_required: `yes` for a block that a compound template must have.
    """

    name: str
    columns: tuple[TemplateColumn, ...]
    template_required: str = "yes"

    @property
    def is_required(self) -> bool:
        return self.template_required == "yes"

    @cached_property
    def has_results(self) -> bool:
        return any(column.is_result for column in self.columns)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the columns, as one header line has them."""
        return tuple(column.name for column in self.columns)


class Template(msgspec.Struct, frozen=True, rename="camel", dict=True):
    """One of ImmPort's upload templates.

    :ivar template_type: single, multiple, compound, combined, combined-result or combined-multiple.
    :ivar columns: of all but compound templates.
    :ivar templates: the blocks of a compound template.
    """

    name: str
    template_type: str
    file_name: str
    schema_version: str
    description: str = ""
    validation_level: str = ""
    columns: tuple[TemplateColumn, ...] = ()
    templates: tuple[TemplateTable, ...] = ()

    @property
    def is_compound(self) -> bool:
        return self.template_type == "compound"

    @cached_property
    def tables(self) -> tuple[TemplateTable, ...]:
        return self.templates if self.is_compound else (TemplateTable(self.name, self.columns),)


class Templates:
    """All templates of one declaration, in its order.

    :ivar source: where they were read from.
    :ivar digest: SHA-256 of what was read, which identifies the version.
    """

    def __init__(self, templates: tuple[Template, ...], source: str, digest: str) -> None:
        self.source = source
        self.digest = digest
        self._templates = templates
        self._by_name: dict[str, Template] = {}
        for template in templates:
            stem = PurePosixPath(template.file_name).stem
            for name in (template.name, stem, template.file_name):
                self._by_name.setdefault(name.casefold(), template)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._templates)

    def __len__(self) -> int:
        return len(self._templates)

    def find(self, name: str) -> Template | None:
        """The template of a name or a standard file name, in any case."""
        return self._by_name.get(name.strip().casefold())

    @cached_property
    def identifier_widths(self) -> dict[str, int]:
        """By kind of record, characters that its own identifier may have."""
        widths: dict[str, int] = {}
        for template in self._templates:
            for table in template.tables:
                for column in table.columns:
                    if column.table_name and column.table_column == "user_defined_id" and column.width:
                        widths[column.table_name] = max(widths.get(column.table_name, 0), column.width)
        return widths


def read_templates(place: Path) -> Templates:
    """The templates of ImmPort's JSON.

    :param place: the file, or a folder or zip file that holds it: `templates.json`, or a file per template.
    :raises DeclarationsError: there is none, or it is not what ImmPort gives.
    """
    documents = json_documents(place, "templates.json", f"no templates: {_HOW_TO_GET}")
    templates: list[Template] = []
    for source, data in documents:
        try:
            found = msgspec.json.decode(data, type=list[Template] | Template)
        except msgspec.DecodeError as error:
            raise DeclarationsError(
                f"{source} does not declare templates as ImmPort does: {error}"
            ) from error
        templates += found if isinstance(found, list) else [found]
    if not templates:
        raise DeclarationsError(f"{place} declares no template")
    _refuse_repeated(templates, place)
    digest = hashlib.sha256(b"\0".join(data for _, data in documents)).hexdigest()
    return Templates(tuple(templates), str(place), digest)


def _refuse_repeated(templates: list[Template], place: Path) -> None:
    names = [template.name for template in templates]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise DeclarationsError(f"{place} declares templates twice: {', '.join(repeated)}")
    if empty := [template.name for template in templates if not any(t.columns for t in template.tables)]:
        raise DeclarationsError(f"{place} declares templates without columns: {', '.join(empty)}")


def json_documents(place: Path, name: str, missing: str) -> list[tuple[str, bytes]]:
    """By where it lies, a JSON file, or those of a folder or zip file: the one of that name, else all.

    :param missing: what is wrong when there is none, and how to get it.
    :raises DeclarationsError: there is none, or it cannot be read.
    """
    try:
        documents = _documents(place, name)
    except FileNotFoundError:
        raise DeclarationsError(f"{place} does not exist; {missing}") from None
    except (OSError, BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DeclarationsError(f"{place} cannot be read: {error}") from error
    if len(documents) > 1 and {PurePosixPath(source).name for source, _ in documents} == {name}:
        raise DeclarationsError(f"{place} holds {len(documents)} files {name}: name one of them")
    if not documents:
        raise DeclarationsError(f"{place} holds no {name}; {missing}")
    return documents


def _documents(place: Path, name: str) -> list[tuple[str, bytes]]:
    if place.is_dir():
        paths = sorted(place.rglob(name)) or sorted(place.rglob("*.json"))
        return [(path.as_posix(), path.read_bytes()) for path in paths]
    if place.suffix.lower() != ".zip":
        return [(place.as_posix(), place.read_bytes())]
    with ZipFile(place) as archive:
        members = sorted(member for member in archive.namelist() if member.lower().endswith(".json"))
        named = [member for member in members if PurePosixPath(member).name == name]
        return [(f"{place.as_posix()}/{member}", archive.read(member)) for member in named or members]
