"""SQL as data: what is quoted comes back as it was, and an expression knows what it reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from include import sql
from include.local.server import Server
from include.sql import Row, call, gap, identifier, joined, literal, literals
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.statements import run_sql

S, U = Row("s"), Row("u")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


@pytest.fixture(scope="module")
def server(postgres: Server) -> Iterator[sa.Engine]:
    """Sessions as the warehouse has them."""
    engine = warehouse_engine(postgres.url())
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(text=TEXT)
def test_any_text_comes_back_from_the_server(text: str, server: sa.Engine) -> None:
    with server.connect() as connection:
        assert run_sql(connection, f"select {literal(text)}, '100%', '%s'").one() == (text, "100%", "%s")


@settings(max_examples=40, deadline=None)
@given(name=TEXT.filter(lambda text: 0 < len(text.encode()) <= 63))
def test_any_name_comes_back_from_the_server(name: str, server: sa.Engine) -> None:
    with server.connect() as connection:
        assert list(run_sql(connection, f"select 1 as {identifier(name)}").keys()) == [name]


def test_names_and_texts_that_postgres_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        literal("a\x00b")
    for name in ("", "a\x00b"):
        with pytest.raises(ValueError, match="not the name of anything"):
            identifier("star", name)
    assert identifier("star", 'a"b') == '"star"."a""b"'
    assert literals(["it's", "b"]) == "'it''s', 'b'"


def test_an_expression_knows_its_columns_whatever_its_text_looks_like() -> None:
    found = sql.sql("'h.not_read' || ", S.which, " || ", call("coalesce", S.which, U.h))
    assert [(item.alias, item.name) for item in found.columns] == [("s", "which"), ("u", "h")]
    assert found.text == "'h.not_read' || s.which || coalesce(s.which, u.h)"


def test_a_row_is_renamed_without_touching_what_looks_like_it() -> None:
    h = Row("h")
    found = sql.sql(Row("branch").value, " = 'h.x' || ", h.path)
    assert found.over(h="k").text == "branch.value = 'h.x' || k.path"


def test_a_single_column_is_one_and_nothing_else() -> None:
    assert S.name.column == S["name"].columns[0]
    assert call("btrim", S.name).column is None
    assert sql.sql(S.name, S.other).column is None


def test_a_gap_is_filled_or_refused() -> None:
    found = sql.sql("select * from ", gap("arm"), " t where ", Row("t").x, " ~ '{1,3}'")
    assert found.gaps == ("arm",)
    assert found.fill({"arm": "staging.l7_arm"}) == "select * from staging.l7_arm t where t.x ~ '{1,3}'"
    with pytest.raises(KeyError, match="arm"):
        _ = found.text


def test_an_expression_is_not_lost_in_an_f_string() -> None:
    with pytest.raises(TypeError, match="forgets what an expression reads"):
        f"coalesce({S.name}, '')"


@pytest.mark.parametrize("name", ["s.name", "Name", "na me", "", "a" * 64, "1a"])
def test_a_column_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        _ = S[name]


def test_parts_are_joined_in_order() -> None:
    assert joined(" and ", [S.a, "true", S.b]).text == "s.a and true and s.b"
    assert joined(", ", []).text == ""
