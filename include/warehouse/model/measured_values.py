"""The measured value of a fact: columns computed from reported text, preferred number, unit and comments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from include.sql import Expression, Row, call, literal, sql
from include.warehouse.model.declaration import NULL_TEXT, Derived, H, Type
from include.warehouse.model.relations import Lookup
from include.warehouse.model.units import TITER

NUMERIC, TEXT = Type.NUMERIC, Type.TEXT
#: ImmPort's data model names these, of concentrations, as what stands for out of range.
OUT_OF_RANGE = ("-999", "999")
#: What a count or a titre cannot be.
BELOW_ALL = ("-999",)
QUALITIES = (
    "ok, censored_low, censored_high, censored_no_limit, out_of_range_sentinel, coded, non_numeric or missing"
)
_NO_UNIT = "not specified"
#: The definition of a row's unit.
U = Row("u")


def unit_lookup(spelling: Expression) -> Lookup:
    """The definition of a unit, by its spelling."""
    return Lookup("u", "unit_definition", "spelling", spelling)


@dataclass(frozen=True)
class MeasuredValue:
    """Where a fact has its value: expressions over the stored row `H`.

    :param qualitative: a result in words beside the value, which may state its limit, or stand in for it.
    :param units: the reported and the preferred unit; none for a value whose unit the fact implies.
    :param implied_unit: the unit of every value, or with `units` of those that have none.
    :param sentinels: numbers that stand for out of range.
    :param strain: of a titre, the name of what was neutralised or inhibited. Where it names a bacterium or a
        load of virus no unit is implied; a load of virus is never a titre, whatever its unit.
    """

    reported: Expression
    preferred: Expression
    comments: Expression = H.comments
    units: tuple[Expression, Expression] | None = None
    implied_unit: str | None = None
    sentinels: tuple[str, ...] = ()
    strain: Expression | None = None
    qualitative: Expression | None = None

    @property
    def is_titer(self) -> bool:
        return self.strain is not None

    @property
    def text(self) -> Expression:
        if self.qualitative:
            return sql("coalesce(nullif(btrim(", self.reported, "), ''), ", self.qualitative, ")")
        return call("star.titer_text", self.reported) if self.is_titer else self.reported

    @property
    def remarks(self) -> Expression:
        """What may state the limit of a value that has none itself."""
        if self.qualitative:
            return call("concat_ws", "' '", self.qualitative, self.comments)
        return self.comments

    @property
    def source(self) -> Expression:
        named = call("star.value_source", self.text, self.preferred)
        if not self.qualitative:
            return named
        return sql(
            "case when coalesce(btrim(", self.reported, "), '') = ''",
            " then replace(", named, ", 'reported', 'qualitative') else ", named, " end",
        )  # fmt: skip

    @property
    def number(self) -> Expression:
        return call("star.value_number", self.text, self.preferred)

    @property
    def unit(self) -> Expression:
        """The unit of the number: that of the curated value where there is one, else of the reported."""
        if self.units is None:
            return NULL_TEXT
        reported, preferred = self.units
        return call("star.unit_of", self.preferred, reported, preferred)

    @property
    def _sentinels(self) -> str:
        return f"array[{', '.join(self.sentinels)}]::numeric[]" if self.sentinels else "null::numeric[]"

    @property
    def quality(self) -> Expression:
        about = (self.text, self.preferred, self.remarks, self.unit)
        return call("star.value_quality", *about, self._sentinels)

    @property
    def standard(self) -> Expression:
        # Two words for a titre are one unit.
        units = (NULL_TEXT, NULL_TEXT) if self.units is None or self.is_titer else self.units
        about = (self.text, self.preferred, self.remarks, *units)
        measured = call("star.value_measured", *about, self._sentinels)
        factors = ("1", "1", "0") if self.units is None else (U.factor, U.divisor, U.unit_offset)
        return call("star.standard_value", measured, *factors)

    @property
    def lookup(self) -> Lookup | None:
        """What finds the unit in the view; none where the fact implies it."""
        if self.units is None:
            return None
        spelling = call("star.unit_spelling", self.unit)
        if self.implied_unit:
            implied = sql(literal(self.implied_unit))
            if self.strain:
                load, bacterium = (call(f"star.names_{it}", self.strain) for it in ("load", "bacterium"))
                implied = sql("case when not (", load, " or ", bacterium, ") then ", implied, " end")
            spelling = call("coalesce", call("nullif", spelling, literal(_NO_UNIT)), implied)
        return unit_lookup(spelling)

    @property
    def columns(self) -> tuple[Derived, ...]:
        unit = U.canonical_unit if self.units else sql(literal(self.implied_unit or ""))
        also = ", qualitative" if self.qualitative else ""
        found = (
            Derived("value_number", "The value as a number: preferred, else the number in the reported text",
                    NUMERIC, self.number),
            Derived("value_operator",
                    "Comparison that reported text, else comments state: <, <=, > or >=; null for none",
                    TEXT, call("star.value_operator", self.text, self.preferred, self.remarks)),
            Derived("value_standard",
                    "The value in unit_standard, of a censored one its limit; null when it is not a"
                    " measurement or its unit is not known", NUMERIC, self.standard, "unit_standard"),
            Derived("unit_standard", "The one unit of the dimension that the value's unit belongs to",
                    TEXT, unit),
            Derived("value_source", f"Where value_number comes from: preferred, reported{also} or none",
                    TEXT, self.source),
            Derived("value_quality", f"What the value is: {QUALITIES}", TEXT, self.quality),
        )  # fmt: skip
        if not self.strain:
            return found
        is_titer = sql(
            U.canonical_unit, f" = {literal(TITER)} and not ", call("star.names_load", self.strain)
        )
        logarithm = Derived(
            "log2_titer",
            "Logarithm to base 2 of value_standard; null for 0 and less, and for what is not a titre by its"
            " unit or by what was measured, such as a load of virus",
            NUMERIC,
            sql("case when ", is_titer, " then star.log2_titer(", self.standard, ") end"),
        )
        return (*found, logarithm)


def value(
    name: str, unit: str, sentinels: tuple[str, ...] = (), comments: Expression = H.comments
) -> MeasuredValue:
    """The value of a fact with a pair of columns for it, and one for its unit."""
    return MeasuredValue(
        H[f"{name}_reported"], H[f"{name}_preferred"], comments,
        (H[f"{unit}_reported"], H[f"{unit}_preferred"]), sentinels=sentinels,
    )  # fmt: skip


CONCENTRATION = replace(value("value", "unit", OUT_OF_RANGE), qualitative=H.qualitative_result)
BEAD_ARRAY = value("concentration_value", "concentration_unit", OUT_OF_RANGE)
EXPRESSION = value("value", "unit")
SEQUENCING = value("value", "result_unit")
POPULATION = value("population_statistic", "population_stat_unit")
CLINICAL = value("result_value", "result_unit", comments=NULL_TEXT)
SPOTS = MeasuredValue(
    H.spot_number_reported, H.spot_number_preferred, implied_unit="spots", sentinels=BELOW_ALL
)
TITRE = MeasuredValue(
    H.value_reported, H.value_preferred, units=(H.unit_reported, H.unit_preferred),
    implied_unit=TITER, sentinels=BELOW_ALL,
    strain=call("coalesce", H.virus_strain_preferred, H.virus_strain_reported),
)  # fmt: skip
#: A mass spectrometer's intensity is a number already, in units of its own run.
INTENSITY = MeasuredValue(sql(H.intensity, "::text"), H.intensity, implied_unit="intensity")
#: A typing has alleles and no value.
ALLELES: tuple[Derived, ...] = (
    Derived("value_quality", "What the result is: coded, its alleles; missing without any", TEXT,
            sql("case when ", H.allele1, " is null and ", H.allele2,
                " is null then 'missing' else 'coded' end")),
)  # fmt: skip
