"""The marts: their files, their comments in the database, how they are made anew and removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.warehouse import migrate
from include.warehouse.marts import ASPECTS, RESULTS, mart_statements, marts, parse
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.schema.statements import run_sql
from include.warehouse.views import star
from include.warehouse.views.assay_results import ALL
from include.warehouse.views.each_assay import EACH, TOGETHER, EachAssay
from tests.questions.answers import answer_text
from tests.support.warehouse import Warehouse, hai, small_study

FOLDER = Path(star.__file__).parents[1] / "marts"
TEXT = """-- Purpose: A thing
--   of use.
-- Grain: one thing.
-- Caveat: none.
-- Censored: there are none.
-- Apart: nothing is summarised.
-- Leaves out: nothing.
-- Columns:
--   one integer: The number
--     one
create or replace view mart.thing
with (security_invoker = true) as
select 1 as one;
"""


def _apart(*entries: str) -> str:
    lines = "".join(f"--   {entry}\n" for entry in entries)
    return TEXT.replace("-- Apart: nothing is summarised.\n", f"-- Apart:\n{lines}")


def test_a_mart_states_each_aspect() -> None:
    mart = parse(
        "thing",
        _apart("unit: one", *(f"{name}: (it has\n--     none)" for name in ASPECTS if name != "unit")),
    )
    assert mart.never_mixed == "unit (one)."
    assert {one.reason for one in mart.apart if not one.columns} == {"it has none"}


def test_a_file_is_a_mart() -> None:
    mart = parse("thing", TEXT)
    assert (mart.purpose, mart.grain) == ("A thing of use.", "one thing.")
    assert [(c.name, c.type, c.meaning) for c in mart.columns] == [("one", "integer", "The number one")]
    assert mart.comment == (
        "A thing of use. One row: one thing. Caveat: none. Censored values: there are none."
        " Never mixed: nothing is summarised. Left out: nothing."
    )
    assert mart.statement.endswith("as one")


def test_a_query_over_each_assay_is_made_over_each_fact() -> None:
    """In whole, or a part of it that lines mark; the file itself reads the view over all."""
    query = f"    {EACH}\n    select r.assay from star.fact_assay_result as r"
    counted = f"with counted as (\n{query}\n    {TOGETHER}\n)\n\nselect 1 as one"
    made = parse("thing", TEXT.replace("select 1 as one", counted)).statement
    assert all(f"from star.{fact.relation} f" in made for fact in ASSAY_FACTS)
    assert "star.fact_assay_result" not in made
    assert made.endswith(")\n\nselect 1 as one")


#: A query of results, with a comment, a bracket and a text that hold commas.
QUERY = f"""select
    c.result_id,
    -- The first, if any.
    coalesce(c.arm, 'none, so far') as arm,
    e.species
from (
    {EACH}
    select
        r.result_id,
        r.subject_key,
        a.name as arm
    from {ALL} as r
    inner join star.dim_study as s on r.study_key = s.study_key
    left join star.dim_arm as a on r.arm_key = a.arm_key
    where r.subject_key >= 0
    {TOGETHER}
) as c
left join star.dim_subject as u on c.subject_key = u.subject_key
left join star.dim_species as e on u.species_key = e.species_key"""


@pytest.mark.parametrize(
    ("reader", "joined"),
    [
        ("select result_id from {}", ["dim_study"]),
        ("select result_id, arm  -- and species\nfrom {}", ["dim_arm", "dim_study"]),
        ("select species from {}", ["dim_species", "dim_study", "dim_subject"]),
        ("select arm, species from {}", ["dim_arm", "dim_species", "dim_study", "dim_subject"]),
        ("select r.arm, o.species from {} as r, other as o", ["dim_arm", "dim_study"]),
        ("select result_id as arm from {}", ["dim_study"]),
        ("with w as (select r.* from {} as r) select result_id, upper(arm) as species from w",
         ["dim_arm", "dim_study"]),
    ],
)  # fmt: skip
def test_a_reader_gets_the_columns_that_it_names_and_their_joins(reader: str, joined: list[str]) -> None:
    """An inner join may leave rows out, as may a condition: both stay, whatever is read."""
    before, _, after = reader.partition("{}")
    made = EachAssay.of(QUERY).read_for(before, after).over(ASSAY_FACTS[:2])
    assert sorted(set(re.findall(r"star\.(dim_\w+)", made))) == joined
    assert made.count("r.subject_key >= 0") == made.count("f.result_id") == 2
    assert ("'none, so far'" in made) == ("dim_arm" in joined)


def test_a_query_that_is_not_written_so_is_refused() -> None:
    with pytest.raises(ValueError, match="must each begin a line"):
        EachAssay.of(QUERY.replace("select\n", "select ")).read_for("select arm from", "")


def test_a_mart_of_results_is_made_over_the_assays_that_it_names() -> None:
    text = TEXT.replace("-- Columns:", "-- Reads: sample_result\n-- Assays: HAI, PCR\n-- Columns:")
    text = text.replace("select 1 as one", f"select result_id as one from mart.{RESULTS}")
    made = parse("thing", text, EachAssay.of(QUERY)).statement
    assert re.findall(r"from star\.(fact_\w+)", made) == ["fact_hai", "fact_pcr"]
    with pytest.raises(ValueError, match="mart thing: Assays: HAI, PCR, HPLC: an assay is not known"):
        parse("thing", text.replace("PCR", "PCR, HPLC"), EachAssay.of(QUERY))
    with pytest.raises(ValueError, match=r"mart thing: it must read mart\.sample_result once"):
        parse("thing", text.replace(f"mart.{RESULTS}", "star.fact_pcr"), EachAssay.of(QUERY))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TEXT.replace("-- Caveat: none.\n", ""), "does not say Caveat"),
        (TEXT.replace("-- Grain: one thing.\n", "-- Purpose: again\n"), "Purpose stands twice"),
        (TEXT.replace("--   one integer: The number\n--     one\n", ""), "does not say Columns"),
        ("-- A thing\n" + TEXT, "before any heading"),
        (TEXT.replace("mart.thing", "mart.other"), r"must make the view mart\.thing"),
        (TEXT.replace("-- Leaves out: nothing.\n", ""), "does not say Leaves out"),
        (
            TEXT.replace("select 1 as one", f"{EACH}\nselect 1 as one"),
            "it must read star.fact_assay_result once",
        ),
        (
            TEXT.replace("select 1 as one", f"{EACH}\nselect 1 from {ALL} as r, {ALL} as s"),
            "it must read star.fact_assay_result once",
        ),
        (_apart("unit: two"), "Apart, unit: it has no column two"),
        (_apart("unit: one"), "Apart must name each aspect once; missing: sample type, species"),
    ],
)
def test_a_file_that_is_not_a_mart_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"mart thing: .*{problem}"):
        parse("thing", text)


def test_a_mart_reads_the_marts_that_it_says(warehouse: Warehouse) -> None:
    found = warehouse.rows("""
        select distinct r.ev_class::regclass::text, d.refobjid::regclass::text
        from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
        join pg_class c on c.oid = d.refobjid
        where r.ev_class::regclass::text like 'mart.%' and c.relnamespace = 'mart'::regnamespace
            and d.refobjid <> r.ev_class""")
    # Of results each reads what it needs, not the mart.
    said = {(mart.name, read) for mart in marts() for read in mart.reads if read != RESULTS}
    assert set(found) == {(f"mart.{name}", f"mart.{read}") for name, read in said}


def test_a_mart_comes_after_those_it_reads() -> None:
    names = [mart.name for mart in marts()]
    assert len(names) == len(set(names)) == len(list(FOLDER.glob("*.sql"))) + len(ASSAY_FACTS)
    for mart in marts():
        assert all(names.index(read) < names.index(mart.name) for read in mart.reads)
    assert names.index("sample_result") < names.index("titre_response") < names.index("hai_response")


def test_columns_are_described_as_the_database_has_them(warehouse: Warehouse) -> None:
    held = warehouse.rows("""
        select c.relname, a.attname, format_type(a.atttypid, null), col_description(c.oid, a.attnum)
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'mart'::regnamespace and a.attnum > 0 order by c.relname, a.attnum""")
    expected = [
        (mart.name, column.name, column.type, column.meaning)
        for mart in sorted(marts(), key=lambda mart: mart.name)
        for column in mart.columns
    ]
    assert held == expected


def test_every_mart_runs_with_the_rights_of_its_reader_and_says_what_it_is(warehouse: Warehouse) -> None:
    held = warehouse.rows("""
        select relname, reloptions, obj_description(oid) from pg_class
        where relnamespace = 'mart'::regnamespace order by relname""")
    expected = sorted((mart.name, ["security_invoker=true"], mart.comment) for mart in marts())
    assert held == expected


def test_psql_runs_every_file(warehouse: Warehouse) -> None:
    for path in sorted(FOLDER.glob("*.sql")):
        answer_text(warehouse.engine.url, path)


def test_marts_are_made_anew_when_their_text_changed(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(marts())
    monkeypatch.setattr(star, "marts", lambda: (*marts(), parse("thing", TEXT)))
    monkeypatch.setattr(star, "mart_statements", lambda: [*mart_statements(), TEXT])
    migrate.upgrade(warehouse.engine.url)
    assert warehouse.value("select one from mart.thing") == 1
    monkeypatch.undo()
    # The code before knows no such mart, and removes it all the same: the warehouse remembers.
    migrate.upgrade(warehouse.engine.url)
    count = "select count(*) from pg_views where schemaname = 'mart'"
    assert warehouse.value(count) == before


def test_views_of_others_stay(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("create view mart.of_others as select 1 as one")
        star.drop(connection)
    assert warehouse.rows("select viewname from pg_views where schemaname in ('mart', 'star')") == [
        ("of_others",)
    ]


def _titre(number: int, value: str, day: int, who: int = 1) -> dict[str, object]:
    return hai(number, value, who=who, studyTimeCollected=day)


def test_rise_without_a_baseline_is_not_known_and_counted(warehouse: Warehouse) -> None:
    """SUB1 rises from below 10 to 40; SUB2 has no baseline."""
    warehouse.load(small_study(_titre(1, "<10", 0), _titre(2, "40", 28), _titre(3, "640", 28, who=2)))
    rows = warehouse.rows("""
        select subject_accession, baseline_titre, peak_titre, fold_rise, is_seroconverted
        from mart.hai_response order by 1""")
    assert rows == [("SUB1", 5, 40, 8, True), ("SUB2", None, 640, None, None)]
    summary = warehouse.rows("""
        select arm, subjects, without_baseline, evaluable, seroconverted_percent
        from mart.titre_response_summary order by 1""")
    assert summary == [("Arm 1", 1, 0, 1, 100), ("Arm 2", 1, 1, 0, None)]


@pytest.mark.parametrize(
    ("before", "after", "seroconverted"),
    [("10", "40", True), ("10", "39", False), ("5", "20", False), ("20", "80", True), ("20", "79", False)],
)
def test_seroconversion_is_fourfold_and_forty(
    before: str, after: str, seroconverted: bool, warehouse: Warehouse
) -> None:
    warehouse.load(small_study(_titre(1, before, 0), _titre(2, after, 28)))
    assert warehouse.value("select is_seroconverted from mart.hai_response") is seroconverted


def test_marts_follow_the_release(warehouse: Warehouse) -> None:
    warehouse.load(small_study(_titre(1, "10", 0), _titre(2, "40", 28)), "DR1")
    warehouse.load(small_study(_titre(1, "10", 0), _titre(2, "160", 28)), "DR2")
    rise = "select fold_rise from mart.hai_response"
    assert (warehouse.value(rise, as_of="DR1"), warehouse.value(rise)) == (4, 16)


def test_sentinels_and_words_are_no_values(warehouse: Warehouse) -> None:
    warehouse.load(
        small_study(hai(1, "-999"), hai(2, "OOR"), hai(3, "low"), hai(4, None), hai(5, "<10"), hai(6, ">640"))
    )
    rows = warehouse.rows("""
        select value_quality, value_number, value_half, value_certain from mart.sample_result
        order by result_id""")
    assert rows == [
        ("out_of_range_sentinel", None, None, None),
        ("out_of_range_sentinel", None, None, None),
        ("non_numeric", None, None, None),
        ("missing", None, None, None),
        ("censored_low", 10, 5, None),
        ("censored_high", 640, 640, None),
    ]


def test_parallel_workers_may_run_every_mart_of_measured_values(warehouse: Warehouse) -> None:
    """Nothing in its plan is left to one process, as is a subquery that names columns of another row."""
    measured: set[str] = set()
    for mart in marts():
        if "star.is_computed" in mart.statement or measured & set(mart.reads):
            measured.add(mart.name)
    assert {"wide_hai", "sample_result", "titre_response_summary", "cell_population"} <= measured
    with warehouse.engine.connect() as connection:
        run_sql(connection, "set debug_parallel_query = on")

        def is_parallel(query: str) -> bool:
            return "Gather" in run_sql(connection, f"explain {query}").scalars().all()[0]

        # One ends in windows, which are one process's; what they are over is not.
        left = {name for name in measured if not is_parallel(f"select * from mart.{name}")}
        assert left == {"gene_expression"}
        assert not is_parallel("select (select k.arm_key offset 0) from history.key_arm k")


def test_equal_values_are_computed_once(warehouse: Warehouse) -> None:
    """The planner knows what a value costs, and looks up in a cache those that it expects to meet again."""
    few = """
        insert into history.fact_hai (result_id, value_reported, valid_from, valid_to,
            study_key, arm_key, subject_key, participation_key, biosample_key, expsample_key, experiment_key,
            planned_visit_key, study_time_key, technique_key, virus_strain_key, unit_key, load_id)
        select n, (n % 5)::text, 1, 2147483647, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        from generate_series(1, 5000) n;
        analyze history.fact_hai"""
    with warehouse.engine.begin() as connection:
        run_sql(connection, few)
        plan = run_sql(connection, "explain select * from mart.wide_hai").scalars().all()
    assert sum("Memoize" in line for line in plan) >= 2
