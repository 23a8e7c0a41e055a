"""From a field of an answer and a column of a package table to the columns of the star."""

from __future__ import annotations

from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipes import RECIPES
from include.warehouse.reference.entries import Entry, Relation, names, uses
from include.warehouse.reference.notes import NOTE


def package_columns(endpoint: str, field: str) -> tuple[tuple[str, str], ...]:
    """Table and column of a Tab package that a field is made of; empty where no package knows it."""
    recipe = RECIPES.get(endpoint)
    if recipe is None:
        return ()
    item = next(one for one in ENDPOINTS[endpoint].staged_fields if one.name == field)
    return recipe.reads(item)


def package_source(relation: Relation, entry: Entry) -> str:
    """The same of a column of the star, in words."""
    origins = relation.origins(entry)
    return names(dict.fromkeys(one for origin in origins for one in package_columns(*origin)))


def lineage() -> str:
    """docs/lineage.md."""
    used = uses()
    lines = [
        "# Lineage",
        "",
        NOTE,
        "",
        "What each field that ImmPort sends is in a Tab package, and what becomes of it in the star. From a",
        "column of the star back to its sources: [dictionary.md](dictionary.md). A dash in the second",
        "column: no package knows it. A dash in the third: received and checked, but not in the star,",
        "mostly because another endpoint is its home. Columns that are computed from others are listed, too.",
    ]
    for item in ENDPOINTS.values():
        lines += ["", f"## {item.name}", ""]
        lines += ["| field | package | columns of the star |", "|---|---|---|"]
        for field in item.staged_fields:
            shown = ", ".join(f"`{use}`" for use in used.get((item.name, field.name), ()))
            packed = names(package_columns(item.name, field.name))
            lines.append(f"| `{field.name}` | {packed or '-'} | {shown or '-'} |")
    return "\n".join(lines) + "\n"
