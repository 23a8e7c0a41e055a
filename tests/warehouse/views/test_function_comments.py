"""The comments of the star's functions: each has one, the server has those that are declared."""

from __future__ import annotations

from include.warehouse.views.function_comments import comments
from tests.support.warehouse import Warehouse

#: Steps of other functions, which no analyst calls.
INTERNAL = {
    f"star.{name}"
    for name in ("case_of_unit", "geometric_join", "geometric_mean_of", "geometric_sd_of", "geometric_step",
                 "odd_unit_spelling")
}  # fmt: skip


def test_the_server_has_the_declared_comment_of_every_function(warehouse: Warehouse) -> None:
    found = dict(
        warehouse.rows("""
        select format('star.%s(%s)', proname, oidvectortypes(proargtypes)), obj_description(oid, 'pg_proc')
        from pg_proc where pronamespace = 'star'::regnamespace""")
    )
    assert {name: comment for name, comment in found.items() if comment} == comments()
    assert {name.partition("(")[0] for name, comment in found.items() if not comment} == INTERNAL
