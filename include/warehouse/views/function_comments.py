"""What each function of the star gives: its comment in the catalogue, its line in the reference."""

from __future__ import annotations

from collections.abc import Iterator

from include.sql import literal
from include.warehouse.views import as_of

#: By name and types of the parameters.
FUNCTION_COMMENTS = {
    "star.plain_text(text)": (
        "A text with plain blanks for white space of any kind, and without characters that take no room"
    ),
    "star.measurable(numeric)": (
        "The number, where a measurement can be it: 0, or 1e-130 to 1e130 but for the sign; else null"
    ),
    "star.to_number(text)": (
        "The number a text holds, as far as a measurement can be it; null when it holds anything else"
    ),
    "star.without_operator(text)": "A reported value without a leading comparison",
    "star.operator_of(text)": "The comparison a reported value begins with: <, <=, > or >=",
    "star.titer_text(text)": (
        "A reported titre as its reciprocal: 1:40 and 1/40 are 40, <1:10 is <10; other texts as they are"
    ),
    "star.cell_count(text)": (
        "The number of cells that stands where the name of a population belongs; null for a name"
    ),
    "star.limit_in_comment(text, numeric)": (
        "The limit a comment states (<50) when the value just misses it (49.9999, by a thousandth at most)"
    ),
    "star.is_out_of_range(text)": "The text says out of range: OOR, OOR <, OOR >",
    "star.unit_of(numeric, text, text)": (
        "Unit of a value: the curated one of a curated number, else the reported one"
    ),
    "star.unit_spelling(text)": (
        "A unit as units are compared: blanks, micro signs and case made one; the case of molar units stays"
    ),
    "star.value_operator(text, numeric, text)": (
        "Comparison that the reported text, else the comments state of a value; the direction of OOR <"
        " and OOR >"
    ),
    "star.value_number(text, numeric)": (
        "The number of a value: the curated one, else that in the reported text after any comparison"
    ),
    "star.value_quality(text, numeric, text, text, numeric[])": (
        "ok, censored_low, censored_high, censored_no_limit, out_of_range_sentinel, coded, non_numeric,"
        " missing"
    ),
    "star.value_measured(text, numeric, text, text, text, numeric[])": (
        "The number of a measurement, of a censored one its limit; null for what is not a measurement"
    ),
    "star.value_source(text, numeric)": "Where the number of a value comes from: preferred, reported or none",
    "star.standard_value(numeric, numeric, numeric, numeric)": (
        "A measurement in the canonical unit; null when its unit is not known"
    ),
    "star.log2_titer(numeric)": "Logarithm to base 2 of a titre, to 12 decimals; null for 0 and less",
    "star.is_computed(text)": "True: it costs what a value costs to compute, which the planner then counts",
    "star.censored(numeric, text, text)": (
        "The substitute for a censored value: its limit (bound), half of a lower limit (half), a lower"
        " limit by the root of 2 (sqrt2), or none (null). Above an upper limit half and sqrt2 are the"
        " limit, too"
    ),
    "star.exp_if_any(double precision)": (
        "The exponential of a logarithm, so far as a double holds it; null else, and for what is not a number"
    ),
    "star.geometric_mean(numeric)": (
        "Geometric mean. Leaves null out; null when a value is 0 or less, for then there is none"
    ),
    "star.geometric_sd(numeric)": (
        "Geometric standard deviation of a sample, a factor. Null as geometric_mean is, and for one value"
        " alone"
    ),
    "star.age_band(numeric)": "Band of whole years that an age of people falls into; null from 130 years on",
    "star.age_years(numeric, text)": "An age in years; null when its unit has no length",
    "star.study_day(numeric, text)": (
        "A study time in days; null when its unit (Not_Specified, d.p.c.) has no length"
    ),
    "star.pool_size(text)": (
        "Smallest and largest number of individuals that a phenotype gives for a pool: pooling of 20-25 mice"
    ),
    "star.strain_name(text)": "The name of a strain as names are compared: in small letters, blanks made one",
    "star.names_load(text)": (
        "What stands where the name of a strain belongs says that virus was measured, and not an antibody"
    ),
    "star.names_bacterium(text)": (
        "The name of a strain shows a bacterium or a toxin, whose antibodies are often given as a"
        " concentration"
    ),
    "star.influenza_type(text)": (
        "Type of influenza virus that the name of a strain shows: A, B, C or D; null where it shows none"
    ),
    "star.influenza_subtype(text)": (
        "Subtype (H1N1) or lineage (B/Victoria) of an influenza virus: what its name states, else that of"
        " the reference strain which it names; null where neither is so"
    ),
    "star.study_window(numeric)": "Window of days that a study day falls into",
    "star.default_policy()": (
        "Policy for censored values that marts, questions and the report take unless they name another"
    ),
    "star.numbered_release_key(text, text, text)": (
        "Release key of a numbered release of a source, which a setting names; null stands for the newest"
    ),
    "star.fetch_release_key(text, text)": (
        "Release key of a point in time, of a source that is dated by its fetches; null stands for the newest"
    ),
    "star.release_key(text)": (
        "Release key of a data release by its name; null stands for the newest, an unknown name is an error"
    ),
    "star.as_of_key()": "Release key that the setting star.as_of stands for",
    "star.term_id(text, text, text)": "Key of a reported term in star.term_mapping",
    "star.release_difference(text, text, text, text)": (
        "Rows that differ between two data releases: added, corrected (by column), withdrawn or first"
        " captured"
    ),
    "star.assay_summary(text)": (
        "Results, mean and geometric mean of each study, assay and reported unit, as of a data release;"
        " values below or above a limit count by star.default_policy()"
    ),
}


def _of_sources() -> dict[str, str]:
    """Comments of the functions that every source besides ImmPort has."""
    found = {}
    for source in as_of.others():
        title, setting = source.title, as_of.setting(source)
        found[f"{as_of.key_function(source)}(text)"] = (
            f"Release key of a release of {title} by its name; null stands for the newest"
        )
        found[f"{setting}_key()"] = f"Release key that the setting {setting} stands for"
        found[f"{as_of.difference_function(source)}(text, text, text, text)"] = (
            f"Rows that differ between two releases of {title}: added, corrected (by column), withdrawn or"
            " first captured"
        )
    return found


def comments() -> dict[str, str]:
    """The comment of every function, by its name with the types of its arguments."""
    return {**FUNCTION_COMMENTS, **_of_sources()}


def statements() -> Iterator[str]:
    """SQL that comments the functions, once they are made.

    >>> [line for line in statements() if "as_of_key" in line]
    ["comment on routine star.as_of_key() is 'Release key that the setting star.as_of stands for'"]
    """
    for name, comment in comments().items():
        yield f"comment on routine {name} is {literal(comment)}"
