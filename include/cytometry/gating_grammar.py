"""The literals of ImmPort's grammar for gating definitions, in the published order and spelling."""

from __future__ import annotations

import re

#: What may stand before a marker and adds nothing to it. All but the first two are texts; a blank in one is
#: one or more in the definition.
NUMBERED_PREFIXES = (re.compile(r"n?Q[0-9]+: +"), re.compile(r"Q[0-9]+:"))
PREFIXES = (
    "B cell: ",
    "B lym ",
    ": ",
    "Granulo: ",
    "Lin1-",
    "Lin2-",
    "Lymph ",
    "minus grans-",
    "Mono: ",
    "mo-",
    "Neu-",
    "NK-NKT: ",
    "Nonbasophil ",
    "Non BT: ",
    "Non-naive ",
    "n",
    "sing-",
    "small ",
    "2-",
)
#: What may stand after a marker and its value, in the same way.
SUFFIXES = (
    " FMO: viable",
    ": viable",
    " live",
    "-A subset",
    "-H subset",
    "-A",
    "-H",
    " Naive",
    " granulocyte",
    " neutrophil",
    " T cells",
    "_pmo",
    "_pP",
    "RAD",
)
#: Expression values and the signs they stand for. The source shows +, -, positive, n, high, dim and low, the
#: last with two signs; the others are chosen alike. `Postive` is spelt as published.
SIGNS = {
    **dict.fromkeys(("br", "bri", "bright", "Bright"), "++"),
    **dict.fromkeys(("hi", "high", "High", "-high", "(high)"), "++"),
    **dict.fromkeys(("di", "dim", "lo", "LO", "low", "-low", "(low)"), "+-"),
    **dict.fromkeys(("int", "intermediate", "Intermediate"), "+~"),
    **dict.fromkeys(("med", "medium", "-medium", "(medium)"), "+~"),
    **dict.fromkeys(("-", "neg", "negative", "Negative"), "-"),
    **dict.fromkeys(("+", "pos", "positive", "Postive"), "+"),
    **{sign: sign for sign in ("+-", "++", "+~")},
}
#: Values after which an element of several markers is cut. A sign of two characters is never cut within.
CUTTING_VALUES = ("dim", "di", "high", "hi", "low", "lo", "++", "+-", "+~", "+", "bright", "-")

#: What separates elements, by name; around what has a blank on both sides there may be more.
SEPARATORS = {
    "slash": "/",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "plus": " + ",
    "_OR_": "_OR_",
    "_AND_": "_AND_",
    "AND": " AND ",
    "and": " and ",
}

#: Elements that are left as they are, whatever they contain.
_IGNORED = re.compile(
    "Intact +cells|[iI]ntact +singlets|viable +singlets|[sS]inglets|[sS]inglet|Lymph|Nonbasophils"
)


def is_ignored(element: str) -> bool:
    """Whether an element is not a marker with a value, so that it is looked up as it stands."""
    if _IGNORED.fullmatch(element) or "1-17" in element:
        return True
    # Signs with blanks between at the end, after something: R16:- + - +.
    return len(element) > 3 and element[-3] in "+-" and element[-2] == " " and element[-1] in "+-"
