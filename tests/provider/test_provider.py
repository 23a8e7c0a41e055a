"""What Airflow makes of the provider: found by its entry point, its form, and no stray modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from immport_provider.hooks.immport import ImmPortHook
from immport_provider.hooks.public_files import PublicFilesHook

ROOT = Path(__file__).parents[2]


def test_airflow_finds_the_connection_type() -> None:
    hook = ProvidersManagerTaskRuntime().hooks["immport"]
    assert hook is not None
    assert hook.hook_class_name == f"{ImmPortHook.__module__}.{ImmPortHook.__name__}"
    assert hook.connection_id_attribute_name == ImmPortHook.conn_name_attr
    assert (hook.hook_name, hook.package_name, hook.connection_testable) == (
        "ImmPort",
        "immport-warehouse",
        True,
    )


def test_the_form_shows_its_fields_and_no_key_goes_into_extra() -> None:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    [form] = [item for item in HookMetaService.hook_meta_data() if item.connection_type == "immport"]
    assert form.standard_fields is not None
    assert form.standard_fields.password is not None
    assert form.standard_fields.password.title == "API key"
    assert form.standard_fields.host is not None
    assert form.standard_fields.host.placeholder == "https://www.immport.org"
    assert form.extra_fields is not None
    assert set(form.extra_fields) == {
        "expires_at",
        "timeout",
        "max_answer_seconds",
        "min_bytes_per_second",
        "max_retries",
        "page_size",
        "split_above_rows",
        "max_answer_mb",
        "calls_in_flight",
        "calls_per_second",
        "drs_address",
        "allow_http",
    }
    for field in form.extra_fields.values():
        assert field["schema"]["title"]
        assert field["description"]


def test_the_form_of_public_files_has_no_place_for_a_key() -> None:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    hook = ProvidersManagerTaskRuntime().hooks["immport_public"]
    assert hook is not None
    assert hook.connection_id_attribute_name == PublicFilesHook.conn_name_attr
    [form] = [item for item in HookMetaService.hook_meta_data() if item.connection_type == "immport_public"]
    assert form.standard_fields is not None
    for hidden in (form.standard_fields.password, form.standard_fields.login):
        assert hidden is None or hidden.hidden
    assert form.extra_fields is not None
    assert "expires_at" not in form.extra_fields


def test_the_schema_of_airflow_accepts_the_provider_info() -> None:
    import json

    import airflow
    import jsonschema

    from immport_provider.get_provider_info import get_provider_info

    folder = Path(airflow.__file__).parent
    schema = json.loads((folder / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)
    # The published schema says nothing of the form's fields; the one for provider.yaml does.
    written = json.loads((folder / "provider.yaml.schema.json").read_text())
    jsonschema.validate(get_provider_info()["connection-types"], written["properties"]["connection-types"])


_LOAD = """
import sys
order, folder = sys.argv[1:]
if order == "package first":
    import immport_provider.hooks.immport
from airflow.plugins_manager import get_import_errors
errors = get_import_errors()
import immport_provider.hooks.immport, include.sources.immport.endpoints
inside = {
    name for name, module in sys.modules.items()
    if (getattr(module, "__file__", None) or "").startswith(folder + "/immport_provider/")
}
print(errors, sorted(name for name in inside if name.partition(".")[0] != "immport_provider"))
"""


@pytest.mark.parametrize("order", ["package first", "plugins first"])
def test_no_file_of_the_package_is_loaded_as_a_plugin(order: str, tmp_path: Path) -> None:
    """Airflow imports `plugins/**/*.py` under their bare names, unless `.airflowignore` says not to."""
    run = subprocess.run(
        [sys.executable, "-c", _LOAD, order, str(ROOT / "plugins")],
        env={
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().splitlines()[-1] == "{} []"


def test_the_hook_imports_nothing_heavy_and_never_the_sandbox() -> None:
    program = (
        "import airflow.sdk, sys; airflow.sdk.BaseHook; before = set(sys.modules);"
        "import immport_provider.hooks.immport;"
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before}"
        " | {name for name in sys.modules if name.startswith('include.sandbox')}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = run.stdout.strip().splitlines()[-1]
    assert not [name for name in ("pandas", "great_expectations", "starlette", "sandbox") if name in loaded]
