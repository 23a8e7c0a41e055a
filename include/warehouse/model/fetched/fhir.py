"""The resources of a FHIR server: one table for each type, made of the elements that are mapped."""

from __future__ import annotations

from dataclasses import replace

from include.sources.endpoint import Kind, snake_case
from include.sources.fhir.endpoints import RESOURCES, TYPE
from include.sources.fhir.mapping import MAPPED
from include.sources.fhir.source import FHIR
from include.sql import Row, sql
from include.warehouse.model.declaration import Column, Derived, Dimension, Fact, H, S, Type
from include.warehouse.model.relations import Lookup
from include.warehouse.model.source_model import SourceModel

_TYPES = {Kind.NUMBER: Type.NUMERIC, Kind.INTEGER: Type.INTEGER, Kind.JSON: Type.JSON}

FHIR_TYPE = Dimension(
    name="fhir_type",
    grain="one type of FHIR resources that the server has",
    endpoint=TYPE.name,
    scope=FHIR.scope,
    natural_key=(Column("fhir_type_name", "Type of the resources: Patient"),),
    columns=(
        Column("fhir_version", "Version of FHIR that the server states; null where it states none"),
        Column("software", "Name and version of the server's software"),
    ),
)

#: Resources that say how to reach a person: the star shows what is mapped of them.
_OF_PERSONS = frozenset({"Practitioner", "PractitionerRole"})
#: What ImmPort's accession of a resource identifies in the star: the dimension.
_SAME_AS = {"ResearchStudy": "study", "Patient": "subject", "Group": "arm", "Specimen": "biosample"}


def _table(of: str) -> Fact:
    """The table of the resources of one type."""
    made = Fact(
        name=f"fhir_{snake_case(of)}",
        grain=f"one {of} resource of the FHIR server",
        endpoint=RESOURCES[of].name,
        scope=FHIR.scope,
        row_id=Column("resource_id", "Id of the resource on the server", source=S.id),
        columns=(
            Column("version_id", "Number of its version on the server"),
            Column("last_updated", "When it was changed there, as sent"),
            Column("profiles", "Profiles that it says it follows, as an array", Type.JSON),
            *(Column(item.name, item.meaning, _TYPES.get(item.kind, Type.TEXT)) for item in MAPPED[of]),
            Column(
                "resource",
                "The resource as received, with all that is not mapped",
                Type.JSON,
                is_masked=of in _OF_PERSONS,
            ),
        ),
    )
    return _with_key(made, _SAME_AS[of]) if of in _SAME_AS else made


def _with_key(made: Fact, dimension: str) -> Fact:
    """A table with the key of what its resources are in the dimensions of Shared Data."""
    key, table = f"{dimension}_key", f"key_{dimension}"
    meaning = f"Key of the same {dimension} in star.dim_{dimension}; null where no data of ImmPort name it"
    digest = sql("md5(", H[f"{dimension}_accession"], ")::uuid")
    return replace(
        made,
        lookup=Lookup("k", table, "natural_key", digest),
        derived=(Derived(key, meaning, Type.INTEGER, Row("k", table)[key]),),
    )


FHIR_MODEL = SourceModel(FHIR, (FHIR_TYPE, *(_table(of) for of in RESOURCES)))
