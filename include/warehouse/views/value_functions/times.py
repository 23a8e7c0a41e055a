"""Functions of study days, ages and the sizes of pools."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Window:
    """Study days that are looked at together: after one day, to another, which is part of it.

    :param after: null for no beginning.
    :param until: null for no end.
    """

    label: str
    after: int | None
    until: int | None


WINDOWS: tuple[Window, ...] = (
    Window("baseline", None, 0),
    Window("day 1-3", 0, 3),
    Window("day 4-9", 3, 9),
    Window("day 10-20", 9, 20),
    Window("day 21-42", 20, 42),
    Window("day 43-90", 42, 90),
    Window("after day 90", 90, None),
)
#: First year of life, in whole years, of each age band.
AGE_BANDS: tuple[int, ...] = (0, 5, 12, 18, 35, 50, 65, 80)
#: Years beyond any human age: 999 is not an age.
OLDEST = 130
#: A unit of time as units are compared: it may have blanks of any kind around it.
_UNIT = 'lower(btrim(star.plain_text(unit)) collate "C")'


def _windows() -> str:
    ends = " ".join(f"when $1 <= {item.until} then '{item.label}'" for item in WINDOWS[:-1])
    return f"case {ends} when $1 < 'NaN' then '{WINDOWS[-1].label}' end"


def _bands() -> str:
    bands = " ".join(f"when $1 < {end} then '{start}-{end - 1}'" for start, end in pairwise(AGE_BANDS))
    return f"case when $1 < 0 then null {bands} when $1 < {OLDEST} then '{AGE_BANDS[-1]} and over' end"


TIMES = rf"""
create or replace function star.study_window(numeric) returns text
language sql immutable parallel safe
return {_windows()};
comment on function star.study_window(numeric) is 'Window of days that a study day falls into';

create or replace function star.age_band(numeric) returns text
language sql immutable parallel safe
return {_bands()};
comment on function star.age_band(numeric) is
    'Band of whole years that an age of people falls into; null from {OLDEST} years on';

create or replace function star.age_years(age numeric, unit text) returns numeric
language sql immutable parallel safe
return case {_UNIT} when 'years' then star.measurable(age)
    when 'months' then star.measurable(age) / 12 when 'weeks' then star.measurable(age) * 7 / 365.25
    when 'days' then star.measurable(age) / 365.25 when 'hours' then star.measurable(age) / 8766
    when 'minutes' then star.measurable(age) / 525960 when 'seconds' then star.measurable(age) / 31557600 end;
comment on function star.age_years(numeric, text) is 'An age in years; null when its unit has no length';

-- Divided, not multiplied by a rounded fraction: 72 hours are 3 days and not a little more.
create or replace function star.study_day(collected numeric, unit text) returns numeric
language sql immutable parallel safe
return case {_UNIT} when 'days' then collected when 'hours' then collected / 24
    when 'minutes' then collected / 1440 when 'seconds' then collected / 86400
    when 'weeks' then collected * 7 when 'months' then collected * 30.4375
    when 'years' then collected * 365.25 end;
comment on function star.study_day(numeric, text) is
    'A study time in days; null when its unit (Not_Specified, d.p.c.) has no length';

create or replace function star.pool_size(phenotype text) returns integer[]
language sql immutable parallel safe
return (select array[m.found[1]::integer, coalesce(m.found[2], m.found[1])::integer]
    from regexp_match(star.plain_text($1) collate "C",
        '\mpool(?:s|ed|ing)? +(?:of|from) +([0-9]{{1,6}})(?: *(?:[-\u2013]|to) *([0-9]{{1,6}}))?'
        '\M(?! *(?:%|[pnum]?[lg]\M|days?|weeks?|hours?|months?|years?))', 'i') as m(found)
    where m.found is not null);
comment on function star.pool_size(text) is
    'Smallest and largest number of individuals that a phenotype gives for a pool: pooling of 20-25 mice'
"""
