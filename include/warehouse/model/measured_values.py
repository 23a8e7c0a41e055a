"""The measured value of a fact: columns computed from reported text, preferred number, unit and comments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from include.warehouse.model.declaration import Derived, Type
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


@dataclass(frozen=True)
class MeasuredValue:
    """Where a fact has its value: SQL over the stored row `h`.

    :param qualitative: a result in words beside the value, which may state its limit, or stand in for it.
    :param units: the reported and the preferred unit; none for a value whose unit the fact implies.
    :param implied_unit: the unit of every value, or with `units` of those that have none.
    :param sentinels: numbers that stand for out of range.
    :param strain: of a titre, the name of what was neutralised or inhibited. Where it names a bacterium or a
        load of virus no unit is implied; a load of virus is never a titre, whatever its unit.
    """

    reported: str
    preferred: str
    comments: str = "h.comments"
    units: tuple[str, str] | None = None
    implied_unit: str | None = None
    sentinels: tuple[str, ...] = ()
    strain: str = ""
    qualitative: str = ""

    @property
    def is_titer(self) -> bool:
        return bool(self.strain)

    @property
    def text(self) -> str:
        if self.qualitative:
            return f"coalesce(nullif(btrim({self.reported}), ''), {self.qualitative})"
        return f"star.titer_text({self.reported})" if self.is_titer else self.reported

    @property
    def remarks(self) -> str:
        """What may state the limit of a value that has none itself."""
        return f"concat_ws(' ', {self.qualitative}, {self.comments})" if self.qualitative else self.comments

    @property
    def source(self) -> str:
        source = f"star.value_source({self.text}, {self.preferred})"
        if not self.qualitative:
            return source
        return (
            f"case when coalesce(btrim({self.reported}), '') = ''"
            f" then replace({source}, 'reported', 'qualitative') else {source} end"
        )

    @property
    def number(self) -> str:
        return f"star.value_number({self.text}, {self.preferred})"

    @property
    def unit(self) -> str:
        """The unit of the number: that of the curated value where there is one, else of the reported."""
        if self.units is None:
            return "null::text"
        reported, preferred = self.units
        return f"star.unit_of({self.preferred}, {reported}, {preferred})"

    @property
    def _sentinels(self) -> str:
        return f"array[{', '.join(self.sentinels)}]::numeric[]" if self.sentinels else "null::numeric[]"

    @property
    def quality(self) -> str:
        about = f"{self.text}, {self.preferred}, {self.remarks}, {self.unit}"
        return f"star.value_quality({about}, {self._sentinels})"

    @property
    def standard(self) -> str:
        # Two words for a titre are one unit.
        units = "null::text, null::text" if self.units is None or self.is_titer else ", ".join(self.units)
        about = f"{self.text}, {self.preferred}, {self.remarks}, {units}"
        measured = f"star.value_measured({about}, {self._sentinels})"
        factors = "1, 1, 0" if self.units is None else "u.factor, u.divisor, u.unit_offset"
        return f"star.standard_value({measured}, {factors})"

    @property
    def lookup(self) -> str:
        """The join of the view that finds the unit. The planner drops it when no column needs it."""
        if self.units is None:
            return ""
        spelling = f"star.unit_spelling({self.unit})"
        if self.implied_unit:
            implied = f"'{self.implied_unit}'"
            if self.is_titer:
                other = f"star.names_load({self.strain}) or star.names_bacterium({self.strain})"
                implied = f"case when not ({other}) then {implied} end"
            spelling = f"coalesce(nullif({spelling}, '{_NO_UNIT}'), {implied})"
        return f"left join history.unit_definition u on u.spelling = {spelling}"

    @property
    def columns(self) -> tuple[Derived, ...]:
        unit = "u.canonical_unit" if self.units else f"'{self.implied_unit}'"
        also = ", qualitative" if self.qualitative else ""
        found = (
            Derived("value_number", "The value as a number: preferred, else the number in the reported text",
                    NUMERIC, self.number),
            Derived("value_operator",
                    "Comparison that reported text, else comments state: <, <=, > or >=; null for none",
                    TEXT, f"star.value_operator({self.text}, {self.preferred}, {self.remarks})"),
            Derived("value_standard",
                    "The value in unit_standard, of a censored one its limit; null when it is not a"
                    " measurement or its unit is not known", NUMERIC, self.standard, "unit_standard"),
            Derived("unit_standard", "The one unit of the dimension that the value's unit belongs to",
                    TEXT, unit),
            Derived("value_source", f"Where value_number comes from: preferred, reported{also} or none",
                    TEXT, self.source),
            Derived("value_quality", f"What the value is: {QUALITIES}", TEXT, self.quality),
        )  # fmt: skip
        if not self.is_titer:
            return found
        is_titer = f"u.canonical_unit = '{TITER}' and not star.names_load({self.strain})"
        logarithm = Derived(
            "log2_titer",
            "Logarithm to base 2 of value_standard; null for 0 and less, and for what is not a titre by its"
            " unit or by what was measured, such as a load of virus",
            NUMERIC,
            f"case when {is_titer} then star.log2_titer({self.standard}) end",
        )
        return (*found, logarithm)


def value(
    name: str, unit: str, sentinels: tuple[str, ...] = (), comments: str = "h.comments"
) -> MeasuredValue:
    """The value of a fact with a pair of columns for it, and one for its unit."""
    return MeasuredValue(
        f"h.{name}_reported", f"h.{name}_preferred", comments,
        (f"h.{unit}_reported", f"h.{unit}_preferred"), sentinels=sentinels,
    )  # fmt: skip


CONCENTRATION = replace(value("value", "unit", OUT_OF_RANGE), qualitative="h.qualitative_result")
BEAD_ARRAY = value("concentration_value", "concentration_unit", OUT_OF_RANGE)
EXPRESSION = value("value", "unit")
SEQUENCING = value("value", "result_unit")
POPULATION = value("population_statistic", "population_stat_unit")
CLINICAL = value("result_value", "result_unit", comments="null::text")
SPOTS = MeasuredValue(
    "h.spot_number_reported", "h.spot_number_preferred", implied_unit="spots", sentinels=BELOW_ALL
)
TITRE = MeasuredValue(
    "h.value_reported", "h.value_preferred", units=("h.unit_reported", "h.unit_preferred"),
    implied_unit=TITER, sentinels=BELOW_ALL,
    strain="coalesce(h.virus_strain_preferred, h.virus_strain_reported)",
)  # fmt: skip
#: A mass spectrometer's intensity is a number already, in units of its own run.
INTENSITY = MeasuredValue("h.intensity::text", "h.intensity", implied_unit="intensity")
#: A typing has alleles and no value.
ALLELES: tuple[Derived, ...] = (
    Derived("value_quality", "What the result is: coded, its alleles; missing without any", TEXT,
            "case when h.allele1 is null and h.allele2 is null then 'missing' else 'coded' end"),
)  # fmt: skip
