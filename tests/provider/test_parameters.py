"""Parameters of a task: read as a whole, an empty one is its default, a wrong one is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from immport_provider.operators.parameters import (
    BackfillParameters,
    DiscoverParameters,
    DownloadParameters,
    ExportParameters,
    ExtractParameters,
    ParameterError,
    Parameters,
    PlanFilesParameters,
)
from include.sources.endpoint import Route
from include.sources.release import Release


def read(kind: type[Parameters], **given: Any) -> Any:
    """As an operator has them; those that are not given are empty."""
    return kind.of(SimpleNamespace(**{**dict.fromkeys(kind.model_fields), **given}))


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_parameter_is_its_default(empty: object) -> None:
    kinds = (DiscoverParameters, BackfillParameters, ExtractParameters, PlanFilesParameters, ExportParameters)
    for kind in kinds:
        assert read(kind, **dict.fromkeys(kind.model_fields, empty)) == kind()


@pytest.mark.parametrize("given", [["SDY1", "SDY22"], "SDY1, SDY22", "SDY1 SDY22", ("sdy1", "sdy22")])
def test_studies_are_a_list_or_as_people_type_them(given: object) -> None:
    assert read(DiscoverParameters, studies=given).studies == ("SDY1", "SDY22")


def test_texts_of_a_template_become_what_they_say() -> None:
    parameters = read(
        DiscoverParameters, force="False", replay="true", max_withdrawn_share="0.5", retract_after="DR49.1"
    )
    assert (parameters.force, parameters.replay, parameters.max_withdrawn_share) == (False, True, 0.5)
    assert parameters.retract_after == Release(49, 1)
    assert (
        read(ExtractParameters, load_ids=["7"], routes={"sdy1": "package"}).preference.of("SDY1")
        is Route.PACKAGE
    )


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (
            DiscoverParameters,
            {"studies": ["SDY1", "GSE5"]},
            "parameter studies.1: not the accession of a study, such as SDY180, not 'GSE5'",
        ),
        (
            DiscoverParameters,
            {"max_withdrawn_share": 1.5},
            "parameter max_withdrawn_share: .*less than or equal to 1, not '1.5'",
        ),
        (
            DiscoverParameters,
            {"retract_after": "latest"},
            "parameter retract_after: not a data release: 'latest'",
        ),
        (DiscoverParameters, {"force": "x", "replay": "z"}, "parameter force: .*; parameter replay: "),
        (
            BackfillParameters,
            {"first_release": "DR9", "last_release": "DR3"},
            "first_release DR9 is later than",
        ),
        (ExtractParameters, {"routes": {"SDY1": "bus"}}, "parameter routes.SDY1: .*'package', not 'bus'"),
        (ExtractParameters, {"load_ids": ["x"]}, "parameter load_ids.0: "),
        (PlanFilesParameters, {"max_bytes": -1}, "parameter max_bytes: .*than or equal to 0, not '-1'"),
        (PlanFilesParameters, {"types": ["result file"]}, "parameter types.0: "),
        (DownloadParameters, {}, "parameter batch: Field required"),
        (DownloadParameters, {"batch": {"first": 0}}, "parameter batch.count: Field required"),
        (ExportParameters, {"as_of": "DR1; drop schema star"}, "parameter as_of: not a data release"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(kind: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read(kind, **given)


def test_a_value_is_not_quoted_without_end() -> None:
    with pytest.raises(ParameterError) as caught:
        read(PlanFilesParameters, types=["x y" * 1000])
    assert len(str(caught.value)) < 300
