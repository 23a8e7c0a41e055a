"""A parameter reaches its operator as it was given: text that looks like a number stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Param

from immport_provider.operators.base import WarehouseOperator

ROOT = Path(__file__).parents[2]
#: Each is something else to Python's `literal_eval`.
TEXTS = ["2024", "1e5", "None", "True", "[1]", "{}", "'DR50'", "0x10", "1_000", " 7", "", "(1)", "-1"]
BAG = DagBag(dag_folder=str(ROOT / "dags"))
#: Airflow takes the DAGs of one file in any order; each process must find the same tests.
DAGS = [BAG.dags[name] for name in sorted(BAG.dags)]


def is_text(param: Param) -> bool:
    """Whether a parameter may be a text."""
    kinds = param.schema.get("type", "string")
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)


TEXT_PARAMS = [
    pytest.param(dag, name, id=f"{dag.dag_id}-{name}")
    for dag in DAGS
    for name in dag.params
    if is_text(dag.params.get_param(name))
]


def rendered(dag: DAG, **params: Any) -> Iterator[tuple[str, Any]]:
    """The fields of all tasks of a DAG that hold one of its parameters, as the tasks get them."""
    variables = SimpleNamespace(value=SimpleNamespace(get=lambda name, other: other, immport_landing="l"))
    context = {
        "params": {**dag.params.dump(), **params},
        "var": variables,
        "ti": SimpleNamespace(xcom_pull=lambda **_: [1]),
    }
    task: Any
    for task in dag.tasks:
        made = task.unmap(dict.fromkeys(task.expand_input.value)) if task.is_mapped else task
        assert isinstance(made, WarehouseOperator)
        given = {name: getattr(made, name) for name in made.template_fields}
        env = made.get_template_env(dag=dag)
        for field, template in given.items():
            if any(re.search(rf"params\.{name}\b", str(template)) for name in params):
                yield f"{task.task_id}.{field}", made.render_template(template, context, env)  # type: ignore[arg-type]  # no more of a context is rendered


def test_there_are_text_parameters_in_several_dags() -> None:
    assert len({str(item.id).partition("-")[0] for item in TEXT_PARAMS}) >= 4


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("dag", "name"), TEXT_PARAMS)
def test_a_text_parameter_stays_text(dag: DAG, name: str, text: str) -> None:
    found = dict(rendered(dag, **{name: text}))
    assert found
    for field, value in found.items():
        assert value == text, field
        assert type(value) is str, field


@pytest.mark.parametrize("value", [True, False, 7, 0.5, None, [], ["SDY1"], {"SDY1": "api"}])
def test_other_values_keep_their_type(value: object) -> None:
    for dag in DAGS:
        for name in dag.params:
            for field, got in rendered(dag, **{name: value}):
                if value or name != "destination":  # an expression: the variable where it is empty
                    assert got == value, f"{dag.dag_id}: {field}"
                    assert type(got) is type(value), f"{dag.dag_id}: {field}"


@pytest.mark.parametrize("text", ["2024", "file:///2024", "None"])
def test_a_field_without_a_template_stays_as_it_is(text: str) -> None:
    task = BAG.dags["immport_release"].get_task("discover")
    assert isinstance(task, WarehouseOperator)
    context: Any = {"a": 20, "b": 24}
    assert task.render_template(text, context) == text
    assert task.render_template("{{ a }}-{{ b }}", context) == "20-24"
