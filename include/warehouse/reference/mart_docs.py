"""The marts' part of the data dictionary, from what their files say of themselves."""

from __future__ import annotations

from include.warehouse.marts import Mart, marts


def described() -> list[Mart]:
    """The marts with a section of their own: of the wide views, which are alike, the first."""
    named = sorted(marts(), key=lambda mart: (_is_wide(mart), mart.name))
    wide = [mart for mart in named if _is_wide(mart)]
    return [mart for mart in named if mart not in wide[1:]]


def mart_sections() -> list[str]:
    """Lines of docs/dictionary.md about the schema `mart`: a list, then a section per mart.

    The wide views are alike: their columns are listed once.
    """
    authored = sorted((mart for mart in marts() if not _is_wide(mart)), key=lambda mart: mart.name)
    wide = sorted((mart for mart in marts() if _is_wide(mart)), key=lambda mart: mart.name)
    lines = [
        "",
        "# Marts",
        "",
        "Views of the schema `mart`, over the star and as of the same release. Each is a file of",
        "[include/warehouse/marts](../include/warehouse/marts/sample_result.sql), the wide views apart.",
        "",
        "| mart | for | one row is |",
        "|---|---|---|",
    ]
    for mart in [*authored, *wide]:
        anchor = wide[0].name if _is_wide(mart) else mart.name
        lines.append(f"| [{mart.name}](#{anchor}) | {_cell(mart.purpose)} | {_cell(mart.grain)} |")
    for mart in [*authored, wide[0]]:
        alike = " All wide views have these columns." if _is_wide(mart) else ""
        lines += [
            "",
            f"## {mart.name}",
            "",
            f"{mart.purpose} One row is {mart.grain}{alike}",
            "",
            f"Beware: {mart.caveat}",
            "",
            f"Censored values: {_cell(mart.censored)}",
            "",
            f"Never mixed: {_cell(mart.never_mixed)}",
            "",
            f"Left out: {_cell(mart.leaves_out)}",
            "",
            "| column | type | meaning |",
            "|---|---|---|",
            *(f"| `{column.name}` | {column.type} | {_cell(column.meaning)} |" for column in mart.columns),
        ]
    return lines


def _is_wide(mart: Mart) -> bool:
    return mart.name.startswith("wide_")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
