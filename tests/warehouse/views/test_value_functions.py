"""Value functions answer whatever they are given, and the same on every server: Unicode, numbers, locales."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.warehouse.marts import marts
from include.warehouse.model.declaration import Type
from include.warehouse.model.registry import FACTS, SOURCES, VERSIONED
from include.warehouse.model.units import definitions
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.views.star import statements
from include.warehouse.views.value_functions import DEFAULT_POLICY, FUNCTIONS
from tests.support.clinical import assessment, lab_test
from tests.support.long import examples
from tests.support.warehouse import RUN, Warehouse, copied, hai, result, small_study

#: Forms of numbers, of comparisons and of findings, and blanks that may stand around them.
_NUMBERS = [
    "0",
    "1",
    "-1",
    "+1",
    ".5",
    "5.",
    "1.25",
    "1,5",
    "28,533",
    "1e5",
    "1E400",
    "1e-400",
    "-1E+400",
    "1e99999",
    "1e-99999",
    "9e130",
    "1e131",
    "1e-131",
    "NaN",
    "Infinity",
    "-inf",
    "0x1F",
    "1_000",
    "1:40",
    "1/40",
    "1:1280",
    "1:1,280",
    "1/",
    ":/",
    "999",
    "-999",
    "٤٢",
    "\uff14\uff10",
    "\u2212",
    "5",
    "½",
    "⑦",
    "1e",
    "1e+",
    ".",
    "-",
    "+",
]
_WORDS = (
    "OOR",
    "OOR <",
    "oor>",
    "Positive",
    "neg",
    "Not Determined",
    "LOD",
    "pool of 3 to 6 mice",
    "H1N1",
    "A/X/1/2009",
)
_SIGNS = ("", "<", ">", "<=", ">=", "\u2264", "\u2265", "=", "~", "<>", "< 1/")
_BLANKS = ("", " ", "\t", "\u00a0", "\u2003", "\u200b", "\ufeff", "\u3000", "\x1f", "\x85")
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.one_of(
    st.none(),
    st.text(_CHARACTERS, max_size=30),
    st.tuples(
        *(st.sampled_from(parts) for parts in (_BLANKS, _SIGNS, _BLANKS, (*_NUMBERS, *_WORDS), _BLANKS))
    ).map("".join),
    st.from_regex(r"[<>]?[ \u00a0]?[0-9]{1,40}([.,:/][0-9]{0,300})?([eE][+-]?[0-9]{1,5})?", fullmatch=True),
)
#: Whatever Postgres holds as a numeric, up to many thousand digits.
NUMERICS = st.one_of(
    st.none(),
    st.sampled_from(
        ["0", "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "1e5000", "1e-5000", "-999", "5"]
    ),
    st.decimals(allow_nan=False, allow_infinity=False)
    .filter(lambda one: abs(one.adjusted()) < 5000)
    .map(str),
)
UNITS = st.one_of(st.none(), st.sampled_from([name for name, _ in definitions()]), TEXTS)

#: Calls over a text t, a second text s, a number n and another m.
CALLS = (
    "star.plain_text(t)", "star.to_number(t)", "star.without_operator(t)", "star.operator_of(t)",
    "star.titer_text(t)", "star.cell_count(t)", "star.limit_in_comment(t, n)", "star.is_out_of_range(t)",
    "star.value_operator(t, n, s)", "star.unit_of(n, t, s)", "star.unit_spelling(t)",
    "star.odd_unit_spelling(t)", "star.case_of_unit(t)", "star.value_number(t, n)",
    "star.value_quality(t, n, s, s, array[-999, 999]::numeric[])",
    "star.value_measured(t, n, s, t, s, null)", "star.value_source(t, n)", "star.measurable(n)",
    "star.standard_value(n, m, n, m)", "star.log2_titer(n)", "star.study_window(n)", "star.age_band(n)",
    "star.age_years(n, t)", "star.study_day(n, t)", "star.age_years(n, 'Months')", "star.pool_size(t)",
    "star.names_load(t)",
    "star.names_bacterium(t)", "star.strain_name(t)", "star.influenza_type(t)", "star.influenza_subtype(t)",
    "star.censored(n, star.value_operator(t, n, s), star.default_policy())",
    "star.censored(n, '<', 'sqrt2')",
)  # fmt: skip
SAMPLE = [
    f"{before}{sign}{blank}{number}{after}"
    for before in ("", "\u00a0", "\t")
    for sign in _SIGNS
    for blank in ("", "\u2003")
    for number in (*_NUMBERS, *_WORDS, "pg/ml", "µG / ML", "İU/ml", "straße", "H1N1", "B/Vic", "1: négatif")
    for after in ("", "\u00a0", "\u200b")
]


@pytest.fixture(scope="module")
def study(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A study with rows in every fact that holds a value."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    warehouse = Warehouse(StepContext(engine, Landing(str(tmp_path_factory.mktemp("landing"))), RUN))
    numbers = range(1, 25)
    who = [1 + number % 2 for number in numbers]
    rows: dict[str, Any] = {**small_study(), "hai": [hai(n, "40", w, studyTimeCollected=28 * (n % 3 % 2))
                                                     for n, w in zip(numbers, who, strict=True)]}  # fmt: skip
    for endpoint in ("neutAbTiter", "elisa", "elispot", "pcr", "fcsAnalyzed", "massSpectrometryResult"):
        rows[endpoint] = [result(endpoint, n, w) for n, w in zip(numbers, who, strict=True)]
    rows["pcr"] = [
        {**row, "geneSymbolReported": ("Actb", "Il21")[row["resultId"] % 2]} for row in rows["pcr"]
    ]
    rows["mbaa"] = [
        result("mbaa", n, sourceType="EXPSAMPLE", sourceAccession="ES1", analyteReported="IL-6")
        for n in numbers
    ]
    rows["labtest"] = [lab_test(n) for n in numbers]
    rows["assessment"] = [assessment(n) for n in numbers]
    warehouse.load(rows)
    yield warehouse
    engine.dispose()
    postgres.drop_database(name)


_LISTS = st.tuples(*(st.lists(one, min_size=8, max_size=40) for one in (TEXTS, TEXTS, NUMERICS, NUMERICS)))
_SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


#: Nothing below zero, which leaves a geometric mean undefined before it is too large.
_LARGE: tuple[list[Any], ...] = (["1e400"], [None], ["1e400", "1e5000"], ["1e-400"])


@settings(_SLOW, max_examples=examples(20))
@example(drawn=_LARGE)
@given(drawn=_LISTS)
def test_every_function_answers_whatever_it_is_given(drawn: tuple[list[Any], ...], study: Warehouse) -> None:
    texts, others, numbers, factors = drawn
    calls = ", ".join(f"count({call})" for call in CALLS)
    with study.engine.connect() as connection:
        connection.exec_driver_sql(
            f"""select {calls}, star.geometric_mean(n)::text, star.geometric_sd(n)::text
            from (select (%(t)s::text[])[1 + i %% %(ts)s] as t, (%(s)s::text[])[1 + i %% %(ss)s] as s,
                (%(n)s::numeric[])[1 + i %% %(ns)s] as n, (%(m)s::numeric[])[1 + i %% %(ms)s] as m
                from generate_series(0, 79) i) x""",
            {"t": texts, "s": others, "n": numbers, "m": factors, "ts": len(texts), "ss": len(others),
             "ns": len(numbers), "ms": len(factors)},
        )  # fmt: skip


def _fill(table: str, columns: dict[str, str], key: str) -> str:
    """SQL that spreads drawn values over the columns of a table, each column from another place on."""
    spread = f"('x' || substr(md5({key}::text), 1, 6))::bit(24)::int"
    types = {"n": "numeric[]", "t": "text[]", "u": "text[]"}
    sets = ", ".join(
        f"{name} = (%({kind})s::{types[kind]})[1 + ({spread} + {at}) %% %({kind}s)s]"
        for at, (name, kind) in enumerate(columns.items())
    )
    return f"update history.{table} set {sets}"


def _kind(name: str, kind: Type) -> str:
    return "n" if kind is Type.NUMERIC else "u" if "unit" in name else "t"


#: What an answer may hold of a study, in facts and in the dimensions that numbers are in.
FILLED = [
    _fill(
        fact.relation,
        {c.name: _kind(c.name, c.type) for c in fact.columns if c.type in {Type.TEXT, Type.NUMERIC}},
        fact.identity,
    )
    for fact in FACTS
    if fact.assay or fact.name in {"lab_test", "assessment"}
] + [
    _fill("dim_participation", {"min_subject_age": "n", "max_subject_age": "n", "subject_phenotype": "t"},
          "participation_key"),
    _fill("key_study_time", {"study_time_collected": "n"}, "study_time_key") + " where study_time_key > 0",
    _fill("key_virus_strain", {"virus_strain_reported": "t"}, "virus_strain_key")
    + " where virus_strain_key > 0",
    _fill("dim_study", {"minimum_age": "n", "maximum_age": "n", "age_unit": "u"}, "study_key"),
]  # fmt: skip
VIEWS = (
    *(f"star.{fact.relation}" for fact in FACTS if fact.assay or fact.name in {"lab_test", "assessment"}),
    "star.fact_assay_result", "star.suspected_limit", "star.value_quality_profile", "star.unmapped_unit",
    "star.dim_participation", "star.dim_study", "star.dim_study_time", "star.dim_virus_strain",
    "star.visit_window_difference", "star.assay_summary(null)",
    *(f"mart.{mart.name}" for mart in marts()),
)  # fmt: skip


@settings(_SLOW, max_examples=examples(2))
@given(drawn=_LISTS, units=st.lists(UNITS, min_size=4, max_size=30))
def test_no_value_breaks_a_view_or_a_mart(
    drawn: tuple[list[Any], ...], units: list[str | None], study: Warehouse
) -> None:
    """Every view over values can be selected whole, whatever texts and numbers a study has."""
    lists: dict[str, list[Any]] = {"t": drawn[0], "n": drawn[2], "u": units}
    given_values = {**lists, **{f"{name}s": len(values) for name, values in lists.items()}}
    with study.engine.connect() as connection:  # rolled back
        for statement in FILLED:
            connection.exec_driver_sql(statement, given_values)
        for view in VIEWS:
            connection.exec_driver_sql(f"select * from {view}").all()


#: Where case and letters depend on a collation: the function or operator, with what it is applied to.
_BY_COLLATION = re.compile(
    r"\b(?:lower|upper|initcap)(?P<inner>\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))"
    r"|(?P<left>\S+|\([^()]*\)) +~\*"
)


def test_no_expression_over_texts_depends_on_the_locale() -> None:
    """Of functions, views and marts, and of what a load reads of staged rows."""
    gaps = {name: name for model in SOURCES.values() for name in model.source.endpoints}
    loaded = [source.fill(gaps) for table in VERSIONED for source in table.sources]
    found = [
        (item["inner"] or item["left"], sql[max(0, item.start() - 90) : item.end()])
        for sql in (*statements(), *loaded)
        for item in _BY_COLLATION.finditer(sql)
    ]
    assert len(found) > 10
    # A variable of a function is declared with its collation.
    allowed = ('collate "C"', '"C")', "plain", "given")
    assert [near for what, near in found if not any(word in what for word in allowed)] == []


#: What the embedded server has first, to which the others are compared.
PROVIDERS = (
    "locale_provider builtin builtin_locale 'C.UTF-8'",
    "locale_provider builtin builtin_locale 'PG_UNICODE_FAST'",
    "locale_provider libc locale 'C'",
    "locale_provider libc locale 'C.UTF-8'",
    "locale_provider icu icu_locale 'und'",
    "locale_provider icu icu_locale 'tr-TR'",
)


def _answers(postgres: Server, provider: str) -> list[tuple[Any, ...]]:
    """What every function says of a sample of texts in a database with that provider of locales."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    admin = sa.create_engine(postgres.url(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(
                f"create database {name} template template0 encoding 'UTF8' {provider}"
            )
    except (sa.exc.NotSupportedError, sa.exc.ProgrammingError) as error:
        pytest.skip(f"this server was built without it: {str(error.orig).splitlines()[0]}")
    engine = sa.create_engine(postgres.url(name), poolclass=sa.NullPool)
    calls = ", ".join(f"({call})::text" for call in CALLS)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("create schema star")
            connection.exec_driver_sql(FUNCTIONS.replace("%", "%%"))
            statement = f"""select t, {calls} from (select t, 5.0 as n, 2.0 as m,
                lag(t) over (order by i) as s from unnest(%(t)s::text[]) with ordinality u (t, i)) x"""
            return [tuple(row) for row in connection.exec_driver_sql(statement, {"t": SAMPLE})]
    finally:
        engine.dispose()
        postgres.drop_database(name)


@pytest.fixture(scope="module")
def answers(postgres: Server) -> list[tuple[Any, ...]]:
    """The answers of the embedded server."""
    return _answers(postgres, PROVIDERS[0])


@pytest.mark.parametrize("provider", PROVIDERS[1:])
def test_the_provider_of_locales_changes_no_answer(
    provider: str, answers: list[tuple[Any, ...]], postgres: Server
) -> None:
    other = _answers(postgres, provider)
    assert len(answers) == len(other) == len(SAMPLE)
    differing = [
        (one[0], call, a, b)
        for one, two in zip(answers, other, strict=True)
        for call, a, b in zip(CALLS, one[1:], two[1:], strict=True)
        if a != b
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("name", "kind", "subtype"),
    [
        ("A/California/7/2009 (H1N1)", "A", "H1N1"),
        ("A/California/07/2009", "A", "H1N1"),
        ("A/Perth/16/2009", "A", "H3N2"),
        ("A/Perth/17/2009", "A", None),
        ("A/California/07/09", "A", None),
        ("A(H3N2)/Somewhere/1/2020", "A", "H3N2"),
        ("A/Somewhere/1/2020 H1N1pdm09", "A", "H1N1"),
        ("A/H1N1/H3N2 reassortant", "A", None),
        ("A/duck/Anhui/1/2005 (H5N1)", "A", "H5N1"),
        ("influenza A virus h7n9", "A", "H7N9"),
        ("A/X-31", "A", None),
        ("B/Brisbane/60/2008", "B", "B/Victoria"),
        ("B/Massachusetts/02/2012", "B", "B/Yamagata"),
        ("B/Victoria/504/2000", "B", "B/Yamagata"),
        ("B/Victoria/9/2020", "B", None),
        ("B/Nowhere/1/2019 (Victoria lineage)", "B", "B/Victoria"),
        ("B/Yamagata lineage", "B", "B/Yamagata"),
        ("B/Lee/1940", "B", None),
        ("A/California/7/2009; A/Perth/16/2009", None, None),
        ("Haemophilus influenzae b", None, None),
        ("P. pneumoniae Serotype 1 (1)", None, None),
        ("Yellow fever 17D", None, None),
        ("Control", None, None),
        (None, None, None),
    ],
)
def test_a_strain_has_the_subtype_that_its_name_shows(
    name: str | None, kind: str | None, subtype: str | None, study: Warehouse
) -> None:
    calls = "select star.influenza_type(:it), star.influenza_subtype(:it)"
    assert study.rows(calls, it=name) == [(kind, subtype)]


def test_one_policy_is_the_default_and_marts_name_theirs(study: Warehouse) -> None:
    assert study.value("select star.default_policy()") == DEFAULT_POLICY
    for mart in marts():
        names = {column.name for column in mart.columns}
        file = Path(f"include/warehouse/marts/{mart.name}.sql")
        # A wide view has no file: it is made over its fact.
        text = file.read_text(encoding="utf-8") if file.exists() else " ".join(names)
        substitutes = "star.censored(" in text or "value_default" in text
        assert not substitutes or "policy" in names, mart.name
    queries = [*Path("docs/questions").glob("*.sql"), *Path("include/warehouse/queries").glob("*.sql")]
    for path in queries:
        text = path.read_text(encoding="utf-8")
        assert "'bound'" not in text, path
        if "value_default" in text or "fold_rise" in text or "_gmt" in text:
            assert "policy\n" in text or "policy," in text, path
