"""Measured values: numbers, comparisons, units and qualities as an analyst meets them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.units import UNITS, definitions
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.views.value_functions import WINDOWS
from tests.sandbox.data import DATA
from tests.support.clinical import assessment, lab_test
from tests.support.packages import SMALL, land_tables
from tests.support.routes import take
from tests.support.warehouse import RUN, Warehouse, copied, full_row, hai, result, small_study, subject

#: Endpoint, reported, preferred, comments, unit -> number, operator, standard, its unit, quality, source.
Case = tuple[str, str | None, str | None, str | None, str | None, tuple[Any, ...]]
OK, LOW, HIGH, OUT = "ok", "censored_low", "censored_high", "out_of_range_sentinel"
CODED, WORDS, MISSING, NO_LIMIT = "coded", "non_numeric", "missing", "censored_no_limit"
PREFERRED, REPORTED, NONE = "preferred", "reported", "none"

CASES: tuple[Case, ...] = (
    # Titres
    ("hai", "40", None, None, "titre", ("40", None, "40", "titer", OK, REPORTED)),
    ("hai", "40", "40", None, "Antibody titer", ("40", None, "40", "titer", OK, PREFERRED)),
    ("hai", "5", "5.0", None, "Titer", ("5.0", None, "5", "titer", OK, PREFERRED)),
    ("hai", "<10", None, None, "Titer", ("10", "<", "10", "titer", LOW, REPORTED)),
    ("hai", "<10", "9.99", None, "Antibody titer", ("9.99", "<", "10", "titer", LOW, PREFERRED)),
    ("hai", "<10", "5", None, "Antibody titer", ("5", "<", "10", "titer", LOW, PREFERRED)),
    ("hai", ">=1280", None, None, "titer", ("1280", ">=", "1280", "titer", HIGH, REPORTED)),
    ("hai", "≤ 10", None, None, "titer", ("10", "<=", "10", "titer", LOW, REPORTED)),
    ("hai", "1:40", None, None, None, ("40", None, "40", "titer", OK, REPORTED)),
    ("hai", "<1:10", None, None, "Not_Specified", ("10", "<", "10", "titer", LOW, REPORTED)),
    ("hai", "~80", None, None, "titer", ("80", None, "80", "titer", OK, REPORTED)),
    ("hai", "5.3", None, None, "log2 titer", ("5.3", None, None, None, OK, REPORTED)),
    ("hai", "Not Determined", None, None, "Titer", (None, None, None, "titer", WORDS, NONE)),
    ("hai", "", None, None, "Titer", (None, None, None, "titer", MISSING, NONE)),
    ("hai", "-999", None, None, "Titer", ("-999", None, None, "titer", OUT, REPORTED)),
    ("hai", "<LOD", None, None, "Titer", (None, "<", None, "titer", NO_LIMIT, NONE)),
    ("hai", "<", None, None, "Titer", (None, "<", None, "titer", NO_LIMIT, NONE)),
    ("hai", " > ", None, None, "Titer", (None, ">", None, "titer", NO_LIMIT, NONE)),
    ("hai", "<LOD", "5", None, "Titer", ("5", "<", "5", "titer", LOW, PREFERRED)),
    ("hai", "1/40", None, None, "Titer", ("40", None, "40", "titer", OK, REPORTED)),
    ("hai", "1 / 1280", None, None, None, ("1280", None, "1280", "titer", OK, REPORTED)),
    ("hai", "<1/10", None, None, "Titer", ("10", "<", "10", "titer", LOW, REPORTED)),
    ("hai", ">=1/640", None, None, "Titer", ("640", ">=", "640", "titer", HIGH, REPORTED)),
    ("hai", "9.999", None, "<1/10", "Titer", ("9.999", "<", "10", "titer", LOW, REPORTED)),
    ("hai", "40\u00a0", None, None, "Titer\u00a0", ("40", None, "40", "titer", OK, REPORTED)),
    ("hai", "\u2003<\u202f10\ufeff", None, None, "Titer", ("10", "<", "10", "titer", LOW, REPORTED)),
    ("hai", "\u00a0", None, None, "Titer", (None, None, None, "titer", MISSING, NONE)),
    ("hai", "1E400", None, None, "Titer", (None, None, None, "titer", WORDS, NONE)),
    ("hai", "1e-400", None, None, "Titer", (None, None, None, "titer", WORDS, NONE)),
    ("hai", "40", "1e400", None, "Titer", ("40", None, "40", "titer", OK, REPORTED)),
    ("neutAbTiter", "9.999", "9.999", None, "titer", ("9.999", None, "9.999", "titer", OK, PREFERRED)),
    ("neutAbTiter", "9.999", "9.999", "<10", "titer", ("9.999", "<", "10", "titer", LOW, PREFERRED)),
    ("neutAbTiter", "19.99", None, "<20", None, ("19.99", "<", "20", "titer", LOW, REPORTED)),
    ("neutAbTiter", "0", "0", None, "Antibody titer", ("0", None, "0", "titer", OK, PREFERRED)),
    ("neutAbTiter", "999", "999", None, "Antibody titer", ("999", None, "999", "titer", OK, PREFERRED)),
    # Concentrations
    ("elisa", "49.9999", "49.9999", "<50", "pg/ml", ("49.9999", "<", "50", "pg/ml", LOW, PREFERRED)),
    ("elisa", "46", None, "<50", "pg/ml", ("46", None, "46", "pg/ml", OK, REPORTED)),
    ("elisa", "12.5", None, "<50", "pg/ml", ("12.5", None, "12.5", "pg/ml", OK, REPORTED)),
    ("elisa", "12.5", None, "p<0.05", "pg/mL", ("12.5", None, "12.5", "pg/ml", OK, REPORTED)),
    ("elisa", "2000.1", None, "above the curve, > 2000", "pg/ml",
     ("2000.1", ">", "2000", "pg/ml", HIGH, REPORTED)),
    ("elisa", "1.5", None, None, "ng/mL", ("1.5", None, "1500", "pg/ml", OK, REPORTED)),
    ("elisa", "<0.5", None, None, "µg/ml", ("0.5", "<", "500000", "pg/ml", LOW, REPORTED)),
    ("elisa", "0.12", None, None, "nM", ("0.12", None, "120", "pM", OK, REPORTED)),
    ("elisa", "7", None, None, "IU/ml", ("7", None, "7", "IU/ml", OK, REPORTED)),
    ("elisa", "7", None, None, "AU", ("7", None, "7", "AU", OK, REPORTED)),
    ("elisa", "7", None, None, "per my plate", ("7", None, None, None, OK, REPORTED)),
    ("elisa", "7", None, None, None, ("7", None, None, None, OK, REPORTED)),
    ("elisa", "-1", "-1", "negative qualitative result", "-1: neg 1: pos",
     ("-1", None, None, None, CODED, PREFERRED)),
    ("elisa", "1", None, None, "0 = absent, 1 = present", ("1", None, None, None, CODED, REPORTED)),
    ("elisa", "Positive", None, None, None, (None, None, None, None, CODED, NONE)),
    ("elisa", None, None, None, "pg/ml", (None, None, None, "pg/ml", MISSING, NONE)),
    ("elisa", "1,5", None, None, "pg/ml", (None, None, None, "pg/ml", WORDS, NONE)),
    ("elisa", "1.2e3", None, None, "pg/ml", ("1200", None, "1200", "pg/ml", OK, REPORTED)),
    ("mbaa", "OOR", None, None, "pg/ml", (None, None, None, "pg/ml", OUT, NONE)),
    ("mbaa", "OOR <", None, None, "pg/ml", (None, "<", None, "pg/ml", OUT, NONE)),
    ("mbaa", "oor>", None, None, "pg/ml", (None, ">", None, "pg/ml", OUT, NONE)),
    ("mbaa", "OOR", "3.2", None, "pg/ml", ("3.2", None, None, "pg/ml", OUT, PREFERRED)),
    ("mbaa", "-999", None, None, "pg/ml", ("-999", None, None, "pg/ml", OUT, REPORTED)),
    ("mbaa", "999", "999.0", None, "pg/ml", ("999.0", None, None, "pg/ml", OUT, PREFERRED)),
    ("mbaa", "-3.5", None, None, "pg/ml", ("-3.5", None, "-3.5", "pg/ml", OK, REPORTED)),
    ("mbaa", ">5000", None, None, "pg/ml", ("5000", ">", "5000", "pg/ml", HIGH, REPORTED)),
    # Cycles, shares and counts
    ("pcr", "21.353838", None, "Legacy data, see ID-1609", "Ct-values",
     ("21.353838", None, "21.353838", "Ct", OK, REPORTED)),
    ("pcr", "-2.4", None, None, "Delta Ct", ("-2.4", None, "-2.4", "Delta Ct", OK, REPORTED)),
    ("pcr", "Undetermined", None, None, "Ct", (None, None, None, "Ct", WORDS, NONE)),
    ("fcsAnalyzed", "12.5", None, None, "percent", ("12.5", None, "12.5", "percentage", OK, REPORTED)),
    ("fcsAnalyzed", "1649", None, None, "cells per cLN", ("1649", None, None, None, OK, REPORTED)),
    ("fcsAnalyzed", "1649", None, None, "cells", ("1649", None, "1649", "cells", OK, REPORTED)),
    ("fcsAnalyzed", "250", None, None, "cells/mL", ("250", None, "0.25", "cells/ul", OK, REPORTED)),
    ("elispot", "622.8571", "622.8571000000001", None, None,
     ("622.8571000000001", None, "622.8571000000001", "spots", OK, PREFERRED)),
    ("elispot", "TNTC", None, None, None, (None, None, None, "spots", WORDS, NONE)),
    # The clinic
    ("labtest", "HBV infected", None, None, "status", (None, None, None, None, WORDS, NONE)),
    ("labtest", "4.3", "4.3", None, "ng/ml", ("4.3", None, "4300", "pg/ml", OK, PREFERRED)),
    ("labtest", "6.1", None, None, "K/uL", ("6.1", None, "6100", "cells/ul", OK, REPORTED)),
    ("assessment", "98.6", None, None, "Fahrenheit", ("98.6", None, "37", "C", OK, REPORTED)),
    ("assessment", "No", None, None, None, (None, None, None, None, CODED, NONE)),
    ("assessment", "NA", None, None, None, (None, None, None, None, WORDS, NONE)),
    ("assessment", "154", None, None, "lbs", ("154", None, "69.85322498", "kg", OK, REPORTED)),
)  # fmt: skip
_VALUE = {"mbaa": "concentrationValue", "fcsAnalyzed": "populationStatistic", "elispot": "spotNumber",
          "labtest": "resultValue", "assessment": "resultValue"}  # fmt: skip
_UNIT = {"mbaa": "concentrationUnit", "fcsAnalyzed": "populationStatUnit", "labtest": "resultUnit",
         "assessment": "resultUnit"}  # fmt: skip
FACT = {
    **{item.endpoint or "": item.name for item in ASSAY_FACTS},
    "labtest": "lab_test",
    "assessment": "assessment",
}
COLUMNS = "value_number, value_operator, value_standard, unit_standard, value_quality, value_source"


@pytest.fixture(scope="module")
def empty(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse without a study, for what functions do: nobody writes to it."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    yield Warehouse(StepContext(engine, Landing(str(tmp_path_factory.mktemp("landing"))), RUN))
    engine.dispose()
    postgres.drop_database(name)


def row(case: Case, number: int) -> dict[str, Any]:
    endpoint, reported, preferred, comments, unit, _ = case
    value = _VALUE.get(endpoint, "value")
    values: dict[str, Any] = {f"{value}Reported": reported, f"{value}Preferred": preferred}
    if endpoint != "elispot":
        values[f"{_UNIT.get(endpoint, 'unit')}Reported"] = unit
    if endpoint == "labtest":
        return lab_test(number, values.pop("resultValueReported"), **values)
    if endpoint == "assessment":
        return assessment(number, **values)
    if endpoint == "mbaa":
        values |= {"sourceType": "EXPSAMPLE", "sourceAccession": "ES1"}
    return result(endpoint, number, **values, comments=comments)


def test_every_value_is_what_it_says(warehouse: Warehouse) -> None:
    """One study with all cases; the columns of the view over all assays are those of the facts."""
    rows = {**small_study(), "hai": []}
    for number, case in enumerate(CASES, start=1):
        rows.setdefault(case[0], []).append(row(case, number))
    warehouse.load(rows)
    found: dict[int, tuple[Any, ...]] = {}
    for endpoint in {case[0] for case in CASES}:
        identity = {"labtest": "substr(lab_test_accession, 3)::bigint",
                    "assessment": "substr(assessment_component_accession, 3)::bigint"}  # fmt: skip
        number_of = identity.get(endpoint, "result_id")
        table = f"star.fact_{FACT[endpoint]}"
        found |= {one: rest for one, *rest in warehouse.rows(f"select {number_of}, {COLUMNS} from {table}")}
    wrong = []
    for number, case in enumerate(CASES, start=1):
        *numbers, unit, quality, source = case[5]
        value, operator, standard = numbers
        wanted = [_decimal(value), operator, _decimal(standard), unit, quality, source]
        if list(found[number]) != wanted:
            wrong.append((case[:5], wanted, found[number]))
    assert wrong == []
    texts = warehouse.rows("select result_id, value_reported from star.fact_elisa")
    assert all(CASES[number - 1][1] == text for number, text in texts)
    united = warehouse.rows(f"select result_id, {COLUMNS} from star.fact_assay_result")
    assert {one: rest for one, *rest in united} == {
        number: found[number] for number, case in enumerate(CASES, start=1)
        if case[0] not in {"labtest", "assessment"}
    }  # fmt: skip
    unknown = warehouse.rows("select unit, facts, rows from star.unmapped_unit order by unit nulls last")
    assert unknown == [
        ("cells per cLN", "fact_fcs_analyzed", 1),
        ("log2 titer", "fact_hai", 1),
        ("per my plate", "fact_elisa", 1),
        (None, "fact_elisa", 1),
    ]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def test_a_limit_in_another_unit_is_none_of_the_curated_number(warehouse: Warehouse) -> None:
    """A curated number has the curated unit, a reported one the reported unit."""
    curated: dict[str, Any] = {"unitReported": "ng/ml", "unitPreferred": "pg/ml"}
    rows = {
        **small_study(),
        "elisa": [
            result("elisa", 1, valueReported="<2", valuePreferred=1999, **curated),
            result("elisa", 2, valueReported="2", valuePreferred=None, **curated),
        ],
    }
    warehouse.load(rows)
    assert warehouse.rows(f"select {COLUMNS} from star.fact_elisa order by result_id") == [
        (1999, "<", 1999, "pg/ml", LOW, PREFERRED),
        (2, None, 2000, "pg/ml", OK, REPORTED),
    ]


def test_titres_have_logarithms_and_typings_a_quality(warehouse: Warehouse) -> None:
    rows = small_study(hai(1, "80"), hai(2, "0"), hai(3, "<10"), hai(4, "-999"), hai(5, "none"))
    rows["hlaTyping"] = [result("hlaTyping", 1, allele1="01:01"), result("hlaTyping", 2)]
    rows["massSpectrometryResult"] = [result("massSpectrometryResult", 1, intensity="1.5")]
    warehouse.load(rows)
    titres = "select log2_titer from star.fact_hai order by result_id"
    assert [None if one is None else round(float(one), 6) for (one,) in warehouse.rows(titres)] == [
        6.321928, None, 3.321928, None, None,
    ]  # fmt: skip
    others = (
        f"""select {COLUMNS} from star.fact_assay_result where assay <> 'HAI' order by assay, result_id"""
    )
    assert warehouse.rows(others) == [
        (None, None, None, None, CODED, None),
        (None, None, None, None, MISSING, None),
        (Decimal("1.5"), None, Decimal("1.5"), "intensity", OK, PREFERRED),
    ]


#: What was measured and its unit, whether it is a titre, and whether 16 and then 128 is a seroconversion.
TITRES: tuple[tuple[str, str | None, bool, bool | None], ...] = (
    ("A/California/7/2009", "Titer", True, True),
    ("A/Perth/16/2009", None, True, True),
    ("A/Brisbane/59/2007", "ug/ml", False, None),
    ("Yellow fever 17D", "Titer", True, None),
    ("Zika virus", None, True, None),
    ("HIV-1 viral load", "Titer", False, None),
    ("SARS-CoV-2 RNA", None, False, None),
    ("P. pneumoniae Serotype 1 (1)", "Titer", True, None),
    ("P. pneumoniae Serotype 3 (3)", None, False, None),
    ("Tetanus toxoid", "IU/ml", False, None),
)


def test_rules_for_titres_alone_are_those_of_titres(warehouse: Warehouse) -> None:
    """Loads of virus, concentrations and other germs stand where titres of influenza do."""
    rows = small_study()
    rows["neutAbTiter"] = [
        result("neutAbTiter", 2 * number + (day > 0), studyTimeCollected=day, valueReported=value,
               unitReported=unit, virusStrainReported=strain)
        for number, (strain, unit, *_) in enumerate(TITRES, start=1)
        for day, value in ((0, "16"), (28, "128"))
    ]  # fmt: skip
    warehouse.load(rows)
    logarithms = "select result_id / 2, log2_titer from star.fact_neut_ab_titer order by result_id"
    assert warehouse.rows(logarithms) == [
        (number, logarithm if is_titre else None)
        for number, (_, _, is_titre, _) in enumerate(TITRES, start=1)
        for logarithm in (4, 7)
    ]
    converted = """select strain, is_seroconverted from mart.titre_response
        where assay = 'Neutralising antibody' order by strain collate "C" """
    assert warehouse.rows(converted) == sorted(
        (name, known) for name, _, is_titre, known in TITRES if is_titre
    )


def test_limits_of_age_of_a_study_are_in_years_beside_their_unit(warehouse: Warehouse) -> None:
    rows = small_study()
    rows["study"][0] |= {"minimumAge": "18", "maximumAge": "36", "ageUnit": "Months"}
    warehouse.load(rows)
    ages = """select minimum_age, maximum_age, age_unit, minimum_age_years, maximum_age_years
        from star.dim_study where study_key > 0"""
    assert warehouse.rows(ages) == [(18, 36, "Months", Decimal("1.5"), 3)]


def test_units_are_declared_once_and_never_mix_dimensions(empty: Warehouse) -> None:
    spellings = [spelling for spelling, _ in definitions()]
    assert len(spellings) == len(set(spellings))
    assert empty.value("select count(*) from history.unit_definition") == len(spellings)
    canonical = {unit.dimension: unit.canonical for unit in UNITS}
    assert all(canonical[unit.dimension] == unit.canonical for unit in UNITS)
    assert len(set(canonical.values())) == len(canonical)
    for spelling in spellings:  # what is declared can be found
        assert empty.value("select star.unit_spelling(:it)", it=spelling) == spelling
    for name in canonical.values():  # and each canonical unit has the factor 1
        found = (
            "select factor / divisor from history.unit_definition where spelling = star.unit_spelling(:it)"
        )
        assert empty.value(found, it=name) == 1, name


@pytest.mark.parametrize(
    ("value", "unit", "standard", "canonical"),
    [
        ("1", "pg/mL", "1", "pg/ml"),
        ("1", "g/dL", "10000000000", "pg/ml"),
        ("3", "ng/ul", "3000000", "pg/ml"),
        ("2", "mg / dl", "20000000", "pg/ml"),
        ("5", "mM", "5000000000", "pM"),
        ("5", "MM", None, None),
        ("1", "M", "1000000000000", "pM"),
        ("250", "mIU/mL", "0.25", "IU/ml"),
        ("250", "units/ml", "250", "units/ml"),
        ("50", "%", "50", "percentage"),
        ("50", "cells", "50", "cells"),
        ("4.5", "10^9/L", "4500", "cells/ul"),
        ("32", "F", "0", "C"),
        ("37", "Celsius", "37", "C"),
        ("310.15", "K", "37", "C"),
        ("70000", "gm", "70", "kg"),
        ("1", "pg", "0.000000000000001", "kg"),
        ("72", "Hours", "3", "days"),
        ("1", "Cq", "1", "Ct"),
    ],
)
def test_units_convert(
    empty: Warehouse, value: str, unit: str, standard: str | None, canonical: str | None
) -> None:
    convert = """select u.canonical_unit,
            star.standard_value(cast(:value as numeric), u.factor, u.divisor, u.unit_offset)
        from (values (1)) one
        left join history.unit_definition u on u.spelling = star.unit_spelling(:unit)"""
    assert empty.rows(convert, value=value, unit=unit) == [(canonical, _decimal(standard))]


def test_a_dimension_describes_its_units(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1, unitReported="Titre"), hai(2, unitReported="per plate")))
    units = """select unit, dimension, canonical_unit, factor, divisor, unit_offset from star.dim_unit
        where unit_key > 0 order by factor nulls first"""
    assert warehouse.rows(units) == [
        ("per plate", None, None, None, None, None), ("Titre", "titer", "titer", 1, 1, 0),
    ]  # fmt: skip


def test_a_spike_at_the_lowest_value_is_a_suspected_limit(warehouse: Warehouse) -> None:
    """As in SDY269: a titre of 5.0 in more than half of the rows, marked by nothing."""
    spike = [hai(n, "5.0") for n in range(1, 183)] + [hai(n, str(10 * 2 ** (n % 7))) for n in range(183, 337)]
    other: dict[str, Any] = {"virusStrainReported": "B/Lee/1940"}
    few = [hai(n, "5", **other) for n in range(401, 405)] + [hai(405, "10", **other)]
    third: dict[str, Any] = {"virusStrainReported": "A/X-31"}
    marked = [hai(n, "<10", **third) for n in range(501, 511)] + [
        hai(n, str(20 + n), **third) for n in range(511, 521)
    ]
    rare: dict[str, Any] = {"virusStrainReported": "A/Anhui/1/2005"}
    seldom = [hai(n, "5", **rare) for n in range(601, 606)] + [
        hai(n, str(n), **rare) for n in range(606, 627)
    ]
    rows = small_study(*spike, *few, *marked, *seldom)
    counts = [result("elispot", n, spotNumberReported="0", analyteReported="IL-2") for n in range(1, 11)]
    warehouse.load({**rows, "elispot": counts}, "DR1")
    spikes = "select measurand, value_number, limit_rows, rows, share from star.suspected_limit"
    expected = ("A/California/7/2009", Decimal("5.0"), 182, 336, Decimal("0.542"))
    assert warehouse.rows(spikes) == [expected]
    profile = "select value_quality, sum(rows)::int from star.value_quality_profile where assay = 'HAI'"
    assert warehouse.rows(f"{profile} group by 1 order by 1") == [
        (LOW, 10), (OK, len(rows["hai"]) - 192), ("suspected_limit", 182),
    ]  # fmt: skip
    warehouse.load(small_study(), "DR2")
    assert warehouse.rows(spikes) == []
    assert warehouse.rows(spikes, as_of="DR1") == [expected]


@pytest.mark.parametrize(
    ("operator", "policy", "substitute"),
    [
        (None, "bound", "10"), (None, "half", "10"), (None, "null", "10"),
        ("<", "bound", "10"), ("<", "half", "5"), ("<=", "half", "5"), ("<", "sqrt2", "7.0710678118654752"),
        ("<", "null", None), (">", "null", None), (">", "half", "10"), (">=", "sqrt2", "10"),
    ],
)  # fmt: skip
def test_a_censored_value_is_substituted_by_a_policy(
    empty: Warehouse, operator: str | None, policy: str, substitute: str | None
) -> None:
    call = "select round(star.censored(10, :operator, :policy), 9)"
    found = empty.value(call, operator=operator, policy=policy)
    assert found == (None if substitute is None else round(Decimal(substitute), 9))


@pytest.mark.parametrize(("operator", "policy"), [(None, "zero"), ("<", "HALF"), ("<", None), (None, "")])
def test_an_unknown_policy_is_an_error(empty: Warehouse, operator: str | None, policy: str | None) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no policy") as raised:
        empty.value("select star.censored(10, :operator, :policy)", operator=operator, policy=policy)
    assert "bound, half, sqrt2 and null" in str(raised.value)


def test_an_unknown_comparison_is_an_error(empty: Warehouse) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="no comparison '~'"):
        empty.value("select star.censored(10, '~', 'bound')")


def test_geometric_statistics(empty: Warehouse) -> None:
    mean = """select star.geometric_mean(v::numeric), round(star.geometric_sd(v::numeric), 6)
        from unnest(array[{}]) v"""
    assert empty.rows(mean.format("10, 40, null")) == [(20, Decimal("2.665144"))]
    assert empty.rows(mean.format("7")) == [(7, None)]
    assert empty.rows(mean.format("10, 0")) == [(None, None)]
    assert empty.rows(mean.format("10, -1")) == [(None, None)]
    assert empty.rows(mean.format("null::int")) == [(None, None)]


#: Lower and upper bound, unit -> years, band.
AGES: tuple[tuple[float | None, float | None, str, str | None, str | None], ...] = (
    (30, None, "Years", "30", "18-34"),
    (30, 34, "Years", "32", "18-34"),
    (30, 40, "Years", "35", None),
    (None, 80, "Years", "80", "80 and over"),
    (6, 6, "Months", "0.5", "0-4"),
    (72, 72, "months", "6", "5-11"),
    (365.25, 365.25, "Days", "1", "0-4"),
    (52, 52, "Weeks", "0.99658", "0-4"),
    (8766, None, "Hours", "1", "0-4"),
    (525960, None, "Minutes", "1", "0-4"),
    (3, 3, "Not Specified", None, None),
    (0, 0, "Years", "0", "0-4"),
    (None, None, "Years", None, None),
    (64.9, 64.9, "Years", "64.9", "50-64"),
    (65, 65, "Years", "65", "65-79"),
    (104, 104, "Years", "104", "80 and over"),
    (999, 999, "Years", "999", None),
)


def test_ages_are_in_years_from_any_unit(warehouse: Warehouse) -> None:
    rows = small_study()
    rows["demographic"] += [
        subject(number, minSubjectAge=low, maxSubjectAge=high, ageUnit=unit)
        for number, (low, high, unit, _, _) in enumerate(AGES, start=11)
    ]
    warehouse.load(rows)
    ages = """select round(age_years, 5), age_band from star.dim_participation
        where length(subject_accession) = 5 order by subject_accession"""
    assert warehouse.rows(ages) == [(_decimal(years), band) for *_, years, band in AGES]


@pytest.mark.parametrize(
    ("phenotype", "size"),
    [
        ("This record represents pooling of 20-25 BALB/c mice immunized", [20, 25]),
        ("pooling of 50 BALB/c mice", [50, 50]),
        ("Pool of 6 to 8 vaccinees", [6, 8]),
        ("pooled from 3 donors", [3, 3]),
        ("pool of 50 ml of blood", None),
        ("unimmunized BALB/c mice", None),
        (None, None),
    ],
)
def test_pools_report_their_size(empty: Warehouse, phenotype: str | None, size: list[int] | None) -> None:
    assert empty.value("select star.pool_size(:it)", it=phenotype) == size


def test_people_are_counted_once_and_pools_apart(warehouse: Warehouse) -> None:
    """A subject in two studies is one; a pool is none; a control well has no subject at all."""
    warehouse.load(small_study(), study="SDY1")
    rows = small_study(study="SDY2")
    rows["demographic"][1] = subject(3, 2, "SDY2", subjectPhenotype="pooling of 20-25 BALB/c mice")
    rows["mbaa"] = [full_row("mbaa", resultId=1, studyAccession="SDY2", sourceType="CONTROL SAMPLE")]
    rows["biosample"], rows["expsample"], rows["hai"] = [], [], [hai(1, who=1, study="SDY2")]
    warehouse.load(rows, study="SDY2")
    count = "select study_accession, individuals, pools, participations from star.person_count order by 1"
    assert warehouse.rows(count) == [("SDY1", 2, 0, 2), ("SDY2", 1, 1, 2), (None, 2, 1, 4)]
    sizes = "select pool_size_min, pool_size_max from star.dim_participation where pool_size_min is not null"
    assert warehouse.rows(sizes) == [(20, 25)]


def test_windows_are_declared_once(empty: Warehouse) -> None:
    """Every day has the window that the definitions give it, and no day has two."""
    compared = """select count(*),
            count(*) filter (where star.study_window(day) is distinct from w.window_label)
        from generate_series(-10, 120, 0.5) day left join star.study_window_definition w
        on (w.after_day is null or day > w.after_day) and (w.until_day is null or day <= w.until_day)"""
    assert empty.rows(compared) == [(261, 0)]
    assert empty.value("select star.study_window(null)") is None
    labels = "select window_label from star.study_window_definition order by window_number"
    assert [label for (label,) in empty.rows(labels)] == [item.label for item in WINDOWS]


def test_samples_taken_outside_of_their_visit_are_reported(warehouse: Warehouse) -> None:
    days: tuple[Any, ...] = (-8, -7, 0, 3, 3.5)
    rows = small_study(*(hai(n, who=1, studyTimeCollected=day) for n, day in enumerate(days, start=1)))
    rows["hai"] += [hai(6, studyTimeCollected=9), hai(7, studyTimeCollected=9)]
    rows["hai"].append(hai(8, studyTimeCollected=99, studyTimeCollectedUnit="d.p.c."))
    rows["plannedVisit"][0] |= {"minStartDay": -7, "maxStartDay": 3}
    warehouse.load(rows)
    off = "select study_day, days_off, results from star.visit_window_difference order by 1"
    assert warehouse.rows(off) == [(-8, -1, 1), (Decimal("3.5"), Decimal("0.5"), 1), (9, 6, 2)]


def test_a_query_pays_for_the_columns_it_selects(warehouse: Warehouse) -> None:
    """The server looks up no unit unless the query selects one, and looks up the release only once."""
    warehouse.load(small_study())

    def plan(columns: str) -> list[str]:
        plan = warehouse.rows(f"explain (verbose, costs off) select {columns} from star.fact_assay_result")
        return [line.strip() for (line,) in plan]

    assert "unit_definition" not in "".join(plan("value_number, value_operator, value_quality"))
    whole = plan("*")
    assert "unit_definition" in "".join(whole)
    assert not any("SubPlan" in line for line in whole)
    releases = {line for line in whole if "as_of_key" in line}
    assert releases == {"Output: star.as_of_key()"}  # of an InitPlan, read once
    assert sum("InitPlan" in line for line in whole) > 0


REAL = DATA / "immport"
PACKAGE = REAL / "archives" / "SDY139-DR25_Tab.zip"
NEUTRALISATION = REAL / "manifest" / "neut_ab_titer_results.subset.tsv"


def text_table(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), sep="\t", dtype=str, keep_default_na=False, quoting=3)


@pytest.mark.skipif(not PACKAGE.exists(), reason=f"no {PACKAGE.name} in {REAL} (IMMPORT_TEST_DATA)")
def test_the_values_of_a_real_package(warehouse: Warehouse) -> None:
    """SDY139 at DR25: qualities, sources, units and pools, counted with pandas."""
    with zipfile.ZipFile(PACKAGE) as archive:
        tables = {Path(name).stem: archive.read(name) for name in archive.namelist() if name.endswith(".txt")}
    load = land_tables(warehouse, tables, "DR25", "SDY139")
    warehouse.stage(load)
    warehouse.pass_gate(load)
    warehouse.publish(load)
    columns = {
        "ELISPOT": ("elispot", "SPOT_NUMBER", None),
        "PCR": ("pcr", "VALUE", "UNIT_REPORTED"),
        "Flow cytometry": ("fcs_analyzed", "POPULATION_STATISTIC", "POPULATION_STAT_UNIT_REPORTED"),
    }
    standard = {"Ct-values": "Ct", None: "spots"}
    wanted: dict[tuple[str, str, str, str | None], int] = {}
    for assay, (name, value, unit) in columns.items():
        for row in text_table(tables[f"{name}_result"]).to_dict("records"):
            text = row[f"{value}_PREFERRED"] or row[f"{value}_REPORTED"]
            quality = "ok" if pd.notna(pd.to_numeric(text, errors="coerce")) else "unexpected"
            source = "preferred" if row[f"{value}_PREFERRED"] else "reported"
            key = (assay, quality, source, standard.get(row[unit] if unit else None))
            wanted[key] = wanted.get(key, 0) + 1
    profile = "select assay, value_quality, value_source, unit_standard, rows from star.value_quality_profile"
    assert {tuple(key): rows for *key, rows in warehouse.rows(profile)} == wanted
    assert sum(wanted.values()) == 974
    cells = text_table(tables["fcs_analyzed_result"])["POPULATION_STAT_UNIT_REPORTED"].value_counts()
    unknown = warehouse.rows("select unit, facts, rows from star.unmapped_unit")
    assert sorted(unknown) == sorted((unit, "fact_fcs_analyzed", count) for unit, count in cells.items())
    people = text_table(tables["arm_2_subject"])
    pools = {
        row["SUBJECT_ACCESSION"]: tuple(map(int, (re.findall("[0-9]+", found[0]) * 2)[:2]))
        for row in people.to_dict("records")
        if (found := re.findall("pooling of ([0-9-]+)", row["SUBJECT_PHENOTYPE"]))
    }
    sizes = """select subject_accession, pool_size_min, pool_size_max from star.dim_participation
        where pool_size_min is not null"""
    assert {subject: tuple(size) for subject, *size in warehouse.rows(sizes)} == pools
    counted = "select individuals, pools from star.person_count where study_accession is null"
    assert warehouse.rows(counted) == [(62 - len(pools), len(pools))] == [(37, 25)]
    months = people["MIN_SUBJECT_AGE"].astype(float).sum()
    total = warehouse.value("select sum(age_years) from star.dim_participation")
    assert float(total) == pytest.approx(months / 12)


@pytest.mark.skipif(
    not NEUTRALISATION.exists(), reason=f"no {NEUTRALISATION.name} in {REAL} (IMMPORT_TEST_DATA)"
)
def test_the_limits_of_real_titres(warehouse: Warehouse) -> None:
    """Neutralisation of yellow fever: zeros that stand for the limit are found, as pandas finds them."""
    titres = text_table(NEUTRALISATION.read_bytes())
    wanted = set()
    for study, rows in titres.groupby("study_accession"):
        endpoint = [
            result("neutAbTiter", row["result_id"], study=study, valueReported=row["value_reported"],
                   valuePreferred=row["value_preferred"], unitReported=row["unit_reported"],
                   unitPreferred=row["unit_preferred"], virusStrainReported=row["virus_strain_reported"],
                   virusStrainPreferred=row["virus_strain_preferred"])
            for row in rows.to_dict("records")
        ]  # fmt: skip
        warehouse.load({**small_study(study=study), "hai": [], "neutAbTiter": endpoint}, study=study)
        numbers = pd.to_numeric(rows["value_preferred"]).dropna()  # the rest is "Not Determined"
        at_lowest = int((numbers == numbers.min()).sum())
        if at_lowest >= 5 and at_lowest >= 0.2 * len(numbers):
            wanted.add((study, numbers.min(), at_lowest, len(numbers)))
    spikes = """select s.study_accession, l.value_number, l.limit_rows, l.rows
        from star.suspected_limit l join star.dim_study s on s.study_key = l.study_key"""
    assert wanted
    assert set(warehouse.rows(spikes)) == wanted
    logarithms = "select count(*) filter (where log2_titer is null), count(*) from star.fact_neut_ab_titer"
    numberless = titres["value_preferred"].isin(["0", ""])
    assert warehouse.rows(logarithms) == [(int(numberless.sum()), len(titres))]


def test_a_result_in_words_states_a_limit_or_stands_in_for_the_value(warehouse: Warehouse) -> None:
    """Old packages have it beside the value: SDY208 has 49.9999 there with <50."""
    common = "ARM1 BS1 SUB1 ES1 EXP1 SDY1 IL-6 pg/ml"
    package = {
        **SMALL,
        "elisa_result": f"""
            RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION \
            EXPERIMENT_ACCESSION STUDY_ACCESSION ANALYTE UNIT_REPORTED VALUE_REPORTED QUALITATIVE_RESULT
            1 {common} 49.9999 <50
            2 {common} - <50
            3 {common} - Positive
            4 {common} 7 -
            5 {common} - -
            6 {common} 7 <50
            """,
    }
    take(warehouse, land_tables(warehouse, package))
    found = warehouse.rows(f"select result_id, qualitative_result, {COLUMNS} from star.fact_elisa order by 1")
    fifty, seven = Decimal(50), Decimal(7)
    assert found == [
        (1, "<50", Decimal("49.9999"), "<", fifty, "pg/ml", LOW, REPORTED),
        (2, "<50", fifty, "<", fifty, "pg/ml", LOW, "qualitative"),
        (3, "Positive", None, None, None, "pg/ml", CODED, NONE),
        (4, None, seven, None, seven, "pg/ml", OK, REPORTED),
        (5, None, None, None, None, "pg/ml", MISSING, NONE),
        (6, "<50", seven, None, seven, "pg/ml", OK, REPORTED),
    ]


def test_a_limit_that_no_answer_can_state_is_marked_until_a_package_states_it(warehouse: Warehouse) -> None:
    """By the API alone it is not known whether 49.9999 is a limit; what a package said of it stays known."""
    row: dict[str, Any] = {"valueReported": "49.9999", "unitReported": "pg/ml", "analyteReported": "IL-6"}
    by_api = {**small_study(), "hai": [], "elisa": [result("elisa", 1, **row)]}
    by_package = {
        **{name: rows for name, rows in SMALL.items() if name != "hai_result"},
        "expsample": "EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION\nES1 EXP1",
        "elisa_result": """
            RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION \
            EXPERIMENT_ACCESSION STUDY_ACCESSION ANALYTE UNIT_REPORTED VALUE_REPORTED QUALITATIVE_RESULT
            1 ARM1 BS1 SUB1 ES1 EXP1 SDY1 IL-6 pg/ml 49.9999 <50
            """,
    }
    shown = "select value_quality, is_limit_known from star.fact_assay_result where assay = 'ELISA'"
    counted = "select sum(limit_unknown) from mart.cytokine_profile"
    warehouse.load(by_api, "DR1")
    assert (warehouse.rows(shown), warehouse.value(counted)) == ([(OK, False)], 1)
    take(warehouse, land_tables(warehouse, by_package, "DR2"))
    assert (warehouse.rows(shown), warehouse.value(counted)) == ([(LOW, True)], 0)
    warehouse.load(by_api, "DR3")
    assert (warehouse.rows(shown), warehouse.value(counted)) == ([(LOW, True)], 0)
    assert warehouse.rows(shown, "DR1") == [(OK, False)]
    lacking = """select release_version, 'fact_elisa.is_limit_known' = any(lacks)
        from ops.capture join history.data_release using (release_key) order by release_key"""
    assert warehouse.rows(lacking) == [("DR1", True), ("DR2", False), ("DR3", True)]


def test_spots_are_reported_per_million_cells_plated(warehouse: Warehouse) -> None:
    plated = (("30", "100000", None), ("30", "1000000", None), ("30", "1e5", "200000"), ("30", "0", None),
              ("30", None, None), ("-999", "100000", None), ("TNTC", "100000", None))  # fmt: skip
    rows = [
        result(
            "elispot", number, spotNumberReported=spots, cellNumberReported=cells, cellNumberPreferred=curated
        )
        for number, (spots, cells, curated) in enumerate(plated, start=1)
    ]
    warehouse.load({**small_study(), "hai": [], "elispot": rows})
    found = warehouse.rows("select spots_per_million from star.fact_elispot order by result_id")
    assert [value for (value,) in found] == [300, 30, 150, None, None, None, None]
