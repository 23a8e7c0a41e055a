"""Migrations: a warehouse of any age becomes the model, in place, with its data."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from include.landing.zone import Landing
from include.local.ports import HOST, free_port
from include.pipeline.batch_runner import StepContext
from include.sources.release import OPEN
from include.warehouse import migrate
from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema import revision
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.history_tables import SCHEMAS
from include.warehouse.schema.ops_tables import metadata
from include.warehouse.views import star
from tests.support.clinical import result_file, stored
from tests.support.older import copy_what_it_could_hold
from tests.support.warehouse import RUN, Warehouse, full_row, result, small_study

MIGRATIONS = revision.MIGRATIONS


def url(warehouse: Warehouse) -> sa.URL:
    return warehouse.engine.url


def catalogue(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Every object of the warehouse with the transaction that last touched its definition."""
    return warehouse.rows("""
        select n.nspname, c.relname, c.oid, c.xmin::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('history', 'star', 'ops', 'quality', 'staging') order by 1, 2""")


def test_a_migrated_warehouse_is_the_model(warehouse: Warehouse) -> None:
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, parents: kind != "schema" or name in SCHEMAS,
        "include_object": lambda item, name, kind, reflected, compared: (
            kind != "foreign_key_constraint" and name != "alembic_version"
        ),
        "compare_type": True,
        "compare_server_default": True,
    }
    with warehouse.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(warehouse: Warehouse) -> None:
    before = catalogue(warehouse)
    assert before
    migrate.upgrade(url(warehouse))
    assert catalogue(warehouse) == before


def test_references_are_declared_and_not_enforced(warehouse: Warehouse) -> None:
    declared = {
        (table, column): enforced
        for table, column, enforced in warehouse.rows("""
            select c.conrelid::regclass::text, a.attname, c.conenforced from pg_constraint c
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
            where c.contype = 'f'""")
    }
    wanted = {
        (f"history.{table.relation}", reference.column)
        for table in VERSIONED
        for reference in table.references
    }
    wanted |= {
        (f"history.{table.relation}", table.scope_key)
        for table in VERSIONED
        if table.identity != table.scope_key
    }
    assert declared == dict.fromkeys(wanted, False)


def test_a_view_whose_text_changed_is_made_anew(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(small_study())
    monkeypatch.setattr(
        star,
        "FUNCTIONS",
        star.FUNCTIONS.replace("when $1 <= 3 then 'day 1-3'", "when $1 <= 3 then 'early'"),
    )
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("create view star.of_an_analyst as select 7 as seven")
    migrate.upgrade(url(warehouse))
    assert warehouse.value("select star.study_window(2)") == "early"
    assert warehouse.value("select seven from star.of_an_analyst") == 7
    assert warehouse.value("select count(*) from star.fact_assay_result") == 3


@pytest.mark.long
def test_a_path_may_hold_a_per_cent_sign(
    warehouse: Warehouse, database: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "100%(here)s 50%"
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(revision, "MIGRATIONS", folder / "migrations")
    migrate.upgrade(database)
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from star.dim_study")) == 2
    engine.dispose()


SECOND = '''"""A column more, filled for what is there."""

import sqlalchemy as sa
from alembic import op

revision = "r9999"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column(
        "fact_hai",
        sa.Column("is_censored", sa.Boolean, comment="The titre is a limit"),
        schema="history",
    )
    op.execute("update history.fact_hai set is_censored = value_reported like '<%'")
'''


def test_an_installed_warehouse_upgrades_in_place(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load({**small_study(), "hai": small_study()["hai"][:2]}, "DR2")
    question = "select result_id, value_reported, arm_key, value_number from star.fact_hai order by 1"
    answers = [warehouse.rows(question, as_of) for as_of in ("DR1", "DR2", None)]
    assert [len(answer) for answer in answers] == [3, 2, 2]

    folder = tmp_path / "newer"
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    head = warehouse.value("select version_num from ops.alembic_version")
    (folder / "migrations/versions/r9999_censored.py").write_text(SECOND.format(head=head))
    monkeypatch.setattr(revision, "MIGRATIONS", folder / "migrations")
    migrate.upgrade(url(warehouse))

    assert [warehouse.rows(question, as_of) for as_of in ("DR1", "DR2", None)] == answers
    assert warehouse.value("select version_num from ops.alembic_version") == "r9999"
    assert warehouse.value("select count(*) from history.fact_hai where is_censored") == 1


WITH_MEMBERS = '''"""A dimension more, with its special members."""

import sqlalchemy as sa
from alembic import op

from include.warehouse.migrations.special_members import insert_special_members

revision = "r9999"
down_revision = "{head}"


def upgrade() -> None:
    for name in ("batch", "shade"):
        op.execute(f"create table history.key_{{name}} (like history.key_arm including all)")
        op.alter_column(f"key_{{name}}", "arm_key", new_column_name=f"{{name}}_key", schema="history")
    op.execute("create table history.dim_batch (like history.dim_participation including all)")
    for old, new in (("participation_key", "batch_key"), ("subject_key", "shade_key")):
        op.alter_column("dim_batch", old, new_column_name=new, schema="history")
    insert_special_members("shade", is_versioned=False)
    insert_special_members("batch", ["shade_key", "arm_key", "species_key"])
'''


def test_a_migration_gives_a_new_dimension_its_special_members(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "newer"
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    head = warehouse.value("select version_num from ops.alembic_version")
    (folder / "migrations/versions/r9999_batch.py").write_text(WITH_MEMBERS.format(head=head))
    monkeypatch.setattr(revision, "MIGRATIONS", folder / "migrations")
    migrate.upgrade(url(warehouse))
    assert warehouse.rows("select shade_key, natural_key from history.key_shade") == [(0, None), (-1, None)]
    assert warehouse.rows(
        "select study_key, batch_key, shade_key, arm_key, species_key, is_inferred, valid_from, valid_to"
        " from history.dim_batch"
    ) == [(0, member, member, member, member, False, 0, OPEN) for member in (0, -1)]


def test_a_table_that_no_migration_makes_is_named(database: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(migrate.HISTORY, "dim_shade", migrate.HISTORY["dim_arm"])
    with pytest.raises(migrate.UnmigratedModelError, match=r"the model has history\.dim_shade, which no"):
        migrate.upgrade(database)


def test_a_warehouse_of_the_first_revision_upgrades_in_place(
    warehouse: Warehouse, database: sa.URL, tmp_path: Path
) -> None:
    """What the first release of this project installed, with two data releases in it."""
    warehouse.load(small_study(), "DR1")
    warehouse.load({**small_study(), "hai": small_study()["hai"][:2]}, "DR2")
    question = "select result_id, value_reported, arm_key, value_number from star.fact_hai order by 1"
    answers = [warehouse.rows(question, as_of) for as_of in ("DR1", "DR2", None)]
    assert [len(answer) for answer in answers] == [3, 2, 2]
    migrate.upgrade(database, "0001")
    engine = warehouse_engine(database)
    copy_what_it_could_hold(warehouse.engine, engine)
    migrate.upgrade(database)
    old = Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    assert [old.rows(question, as_of) for as_of in ("DR1", "DR2", None)] == answers
    assert old.value("select count(*) from star.vocabulary_term") == 0
    assert old.value("select bool_and(is_known) and min(pieces) = 1 from ops.staged")
    engine.dispose()


@pytest.mark.long
def test_results_of_controls_get_the_keys_of_their_controls(
    warehouse: Warehouse, database: sa.URL, tmp_path: Path
) -> None:
    """A warehouse of the revision before, with two releases of a bead array in it."""
    well = {"studyAccession": "SDY1", "experimentAccession": "EXP1", "analyteReported": "IL-2"}
    wells = [
        full_row("mbaa", **well, resultId=1, sourceType="CONTROL SAMPLE", sourceAccession="CS1"),
        full_row("mbaa", **well, resultId=2, sourceType="STANDARD_CURVE", sourceAccession="SC1"),
        full_row("mbaa", **well, resultId=3, sourceType="EXPSAMPLE", sourceAccession="ES1"),
        full_row("mbaa", **well, resultId=4, sourceType="CONTROL_SAMPLE", sourceAccession=None),
    ]
    warehouse.load({**small_study(), "mbaa": wells}, "DR1")
    warehouse.load({**small_study(), "mbaa": [{**wells[0], "mfi": "9"}, *wells[2:]]}, "DR2")
    question = """
        select f.result_id, f.mfi, c.member, c.control_sample_accession, c.is_inferred, s.member,
            s.standard_curve_accession, s.is_inferred
        from star.fact_mbaa f join star.dim_control_sample c using (control_sample_key)
        join star.dim_standard_curve s using (standard_curve_key) order by 1"""
    answers = [warehouse.rows(question, as_of) for as_of in ("DR1", "DR2", None)]
    assert [len(answer) for answer in answers] == [4, 3, 3]
    migrate.upgrade(database, "0010")
    engine = warehouse_engine(database)
    copy_what_it_could_hold(warehouse.engine, engine)
    migrate.upgrade(database)
    old = Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    assert [old.rows(question, as_of) for as_of in ("DR1", "DR2", None)] == answers
    members = "select valid_from, valid_to, is_inferred from history.dim_standard_curve where study_key > 0"
    assert old.rows(members) == warehouse.rows(members) == [(10000, 20000, True)]
    engine.dispose()


@pytest.mark.long
def test_files_of_a_path_get_the_keys_of_their_uuids(
    warehouse: Warehouse, database: sa.URL, tmp_path: Path
) -> None:
    """A warehouse of the revision before: a path whose file another replaced, and a path of no manifest."""
    path = "SDY1/ResultFiles/a.txt"
    results = [result_file(f"/{path}"), result_file("/SDY1/ResultFiles/gone.txt", number=2)]
    rows = {**small_study(), "filePath": results}
    for release, number in (("DR1", 1), ("DR2", 1), ("DR3", 7)):
        size = 10 if release == "DR1" else 11
        warehouse.load({**rows, "manifest": [stored(path, number, filesizeBytes=size)]}, release)
    question = """
        select f.file_path_id, d.member, d.file_uuid, d.path, d.filesize_bytes, d.is_inferred
        from star.fact_result_file f join star.dim_file d using (file_key) order by 1"""
    answers = [warehouse.rows(question, as_of) for as_of in ("DR1", "DR2", "DR3")]
    assert [answer[0][2][-1] for answer in answers] == ["1", "1", "7"]
    versions = (
        "select valid_from, valid_to, file_key > 0 from history.{} where study_key > 0 order by 1, 2, 3"
    )
    migrate.upgrade(database, "0011")
    engine = warehouse_engine(database)
    copy_what_it_could_hold(warehouse.engine, engine)
    with engine.begin() as connection:
        for statement in (
            "delete from history.key_file where file_key > 0",
            "insert into history.key_file (file_key, path) overriding system value"
            " values (1001, 'SDY1/ResultFiles/a.txt'), (1002, 'SDY1/ResultFiles/gone.txt')",
            "delete from history.dim_file where file_key > 0",
            "insert into history.dim_file (study_key, file_key, file_uuid, filesize_bytes, is_inferred,"
            " valid_from, valid_to, load_id) select (select min(study_key) from history.dim_study where"
            " study_key > 0), 1001, '00000000-0000-0000-0000-' || lpad(v.n::text, 12, '0'), v.size, false,"
            " v.first, v.last, 1 from (values (1, 10, 10000, 20000), (1, 11, 20000, 30000),"
            " (7, 11, 30000, 2147483647)) v (n, size, first, last)",
            "insert into history.dim_file (study_key, file_key, is_inferred, valid_from, valid_to, load_id)"
            " select study_key, 1002, true, 10000, 2147483647, 1 from history.dim_file where file_key = 1001"
            " limit 1",
            "delete from history.fact_result_file where valid_from > 10000",
            "update history.fact_result_file set valid_to = 2147483647, file_key = 1000 + file_info_id",
        ):
            assert connection.exec_driver_sql(statement).rowcount != 0, statement
    migrate.upgrade(database)
    old = Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    assert [old.rows(question, as_of) for as_of in ("DR1", "DR2", "DR3")] == answers
    for table in ("dim_file", "fact_result_file"):
        assert old.rows(versions.format(table)) == warehouse.rows(versions.format(table))
    engine.dispose()


@pytest.mark.long
def test_numbers_that_could_not_be_compared_are_put_right(
    warehouse: Warehouse, database: sa.URL, tmp_path: Path
) -> None:
    """Intensities become numbers, participations get a species, numbers of cells are not populations."""
    rows = {**small_study(), "hai": []}
    rows["demographic"][1] |= {"species": "Mus musculus"}
    well: dict[str, Any] = {"sourceType": "EXPSAMPLE", "sourceAccession": "ES1", "analyteReported": "IL-2"}
    texts = ("-3.50", "1e2", "12\u00a0", "saturated", "1E400", " ")
    rows["mbaa"] = [result("mbaa", n, **well, mfi=text) for n, text in enumerate(texts, start=1)]
    parents = ("Live, singlets", "28533", "28,533", None, "CD4")
    rows["fcsAnalyzed"] = [
        result("fcsAnalyzed", n, populationNameReported="CD4", populationDefnitionReported="CD4+",
               populationStatisticReported="5706", populationStatUnitReported="cells",
               parentPopulationReported=parent)
        for n, parent in enumerate(parents, start=1)
    ]  # fmt: skip
    warehouse.load(rows)
    before = {
        "select result_id, mfi, mfi_text from star.fact_mbaa order by 1": [
            (1, Decimal("-3.5"), None), (2, 100, None), (3, 12, None), (4, None, "saturated"),
            (5, None, "1E400"), (6, None, None),
        ],
        """select f.result_id, c.population_name_reported, f.parent_cell_count, f.percent_of_parent::int
            from star.fact_fcs_analyzed f join star.dim_cell_population c
            on c.cell_population_key = f.parent_cell_population_key order by 1""": [
            (1, "Live, singlets", None, None), (2, None, 28533, 20), (3, None, 28533, 20),
            (4, None, None, None), (5, "CD4", None, None),
        ],
        """select population_name_reported from star.dim_cell_population where cell_population_key > 0
            order by 1, population_definition_reported""": [("CD4",), ("CD4",), ("Live, singlets",)],
        """select p.subject_accession, s.species, p.age_band from star.dim_participation p
            join star.dim_species s using (species_key) where p.participation_key > 0 order by 1""": [
            ("SUB1", "Homo sapiens", "18-34"), ("SUB2", "Mus musculus", None),
        ],
    }  # fmt: skip
    assert {statement: warehouse.rows(statement) for statement in before} == before
    migrate.upgrade(database, "0020")
    engine = warehouse_engine(database)
    copy_what_it_could_hold(warehouse.engine, engine)
    with engine.begin() as connection:
        for number, text in enumerate(texts, start=1):
            connection.exec_driver_sql(
                "update history.fact_mbaa set mfi = %s where result_id = %s", (text, number)
            )
        for number, text in ((2, "28533"), (3, "28,533")):
            connection.exec_driver_sql(
                """with made as (
                    insert into history.key_cell_population
                        (cell_population_key, population_name_reported, natural_key)
                    values (1000 + %s, %s, gen_random_uuid()) returning cell_population_key)
                update history.fact_fcs_analyzed set parent_cell_population_key = made.cell_population_key
                from made where result_id = %s""",
                (number, text, number),
            )
    migrate.upgrade(database)
    old = Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    assert {statement: old.rows(statement) for statement in before} == before
    engine.dispose()


@pytest.mark.long
def test_runs_without_the_name_of_their_dag_get_it(database: sa.URL) -> None:
    """A warehouse of the revision before: a run of the release DAG, one of the files, an audit."""
    migrate.upgrade(database, "0028")
    engine = warehouse_engine(database)
    with engine.begin() as connection:
        for statement in (
            "insert into ops.run (run_id, state) values ('manual__1', 'success')",
            "insert into ops.run (run_id, dag_id, state) values"
            " ('immport_files/manual__1', 'immport_files', 'success'),"
            " ('warehouse_upkeep/scheduled__1', 'warehouse_upkeep', 'success')",
            "insert into ops.work (run_id, study_accession, release_version, action, reason)"
            " values ('manual__1', 'SDY1', 'DR1', 'keep', 'unchanged')",
            "insert into ops.attempt (run_id, step) values ('manual__1', 'discover')",
            "insert into ops.step (run_id, study_accession, release_version, step, state)"
            " values ('manual__1', 'SDY1', 'DR1', 'stage', 'done'),"
            " ('immport_files/manual__1', 'SDY1', '', 'manifest', 'done')",
            "insert into ops.load (study_accession, release_version, release_key, fetch_id, state, run_id)"
            " values ('SDY1', 'DR1', 10000, 'f', 'published', 'manual__1')",
            "insert into quality.audit (run_id, check_id, relation, severity, failed_rows, detail)"
            " values ('scheduled__1', 'c', 'r', 'warning', 0, 'd')",
        ):
            connection.exec_driver_sql(statement)
    migrate.upgrade(database)
    kept = "immport_files/manual__1", "immport_release/manual__1", "warehouse_upkeep/scheduled__1"
    with engine.connect() as connection:
        assert tuple(connection.scalars(sa.text("select run_id from ops.run order by 1"))) == kept
        keyed = {"ops.work": kept[1:2], "ops.attempt": kept[1:2], "ops.step": kept[:2], "ops.load": kept[1:2]}
        for table, runs in {**keyed, "quality.audit": kept[2:]}.items():
            found = connection.exec_driver_sql(f"select run_id from {table} order by 1").scalars()
            assert tuple(found) == runs, table
    engine.dispose()


@pytest.mark.long
def test_files_keep_the_content_that_they_were_verified_by(database: sa.URL) -> None:
    """A warehouse of the revision before: what no download verified is left to the next one."""
    migrate.upgrade(database, "0049")
    engine = warehouse_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.file_download"
            " (study_accession, file_uuid, path, kept_as, size_bytes, md5, location, state) values"
            " ('SDY1', 'verified', 'p', 'p', 5, 'abc', 'file:///p', 'present'),"
            " ('SDY1', 'no md5', 'q', 'q', 5, null, 'file:///q', 'present'),"
            " ('SDY1', 'failed', 'r', 'r', 5, 'abc', null, 'failed')"
        )
    migrate.upgrade(database)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("select file_uuid, kept_bytes, kept_md5 from ops.file_download")
        assert {tuple(row) for row in found} == {
            ("verified", 5, "abc"), ("no md5", None, None), ("failed", None, None)
        }  # fmt: skip
    engine.dispose()


def test_a_migration_that_fails_leaves_the_warehouse_as_it_was(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = catalogue(warehouse)
    folder = tmp_path / "broken"
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    head = warehouse.value("select version_num from ops.alembic_version")
    text = SECOND.format(head=head) + '    op.execute("select no_such_function()")\n'
    (folder / "migrations/versions/r9999_censored.py").write_text(text)
    monkeypatch.setattr(revision, "MIGRATIONS", folder / "migrations")
    with pytest.raises(sa.exc.ProgrammingError):
        migrate.upgrade(url(warehouse))
    assert catalogue(warehouse) == before


@pytest.mark.parametrize("arguments", [[], ["--new-revision", "a column"]])
def test_a_server_that_does_not_run_is_reported_in_a_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", f"postgresql+psycopg2://warehouse@{HOST}:{free_port()}/immport")
    monkeypatch.setattr("sys.argv", ["migrate", *arguments])
    with pytest.raises(SystemExit, match=r"^error: .+ failed: Connection refused [^\n]+$"):
        migrate.main()
