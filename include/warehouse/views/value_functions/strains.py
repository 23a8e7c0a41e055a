"""What the name of a strain says of influenza: type, subtype, lineage."""

from __future__ import annotations

#: Strains that vaccines and reference sera were made of, whose names do not state the subtype: place, number
#: and year, with strokes between, years as laboratories write them.
_REFERENCE: dict[str, str] = {
    "H1N1": """
        a/puerto rico/8/1934 a/puerto rico/8/34 a/new jersey/8/1976 a/new jersey/8/76
        a/ussr/90/1977 a/ussr/90/77 a/brazil/11/1978 a/brazil/11/78 a/chile/1/1983 a/chile/1/83
        a/singapore/6/1986 a/singapore/6/86 a/taiwan/1/1986 a/taiwan/1/86 a/texas/36/1991
        a/texas/36/91 a/bayern/7/1995 a/bayern/7/95 a/beijing/262/1995 a/beijing/262/95
        a/johannesburg/82/1996 a/johannesburg/82/96 a/new caledonia/20/1999
        a/new caledonia/20/99 a/solomon islands/3/2006 a/brisbane/59/2007 a/south dakota/6/2007
        a/california/4/2009 a/california/7/2009 a/england/195/2009 a/christchurch/16/2010
        a/michigan/45/2015 a/brisbane/2/2018 a/guangdong-maonan/swl1536/2019 a/hawaii/70/2019
        a/victoria/2570/2019 a/wisconsin/588/2019 a/sydney/5/2021 a/victoria/4897/2022
        a/wisconsin/67/2022
    """,
    "H2N2": """
        a/japan/305/1957 a/japan/305/57 a/singapore/1/1957 a/singapore/1/57 a/ann arbor/6/1960
        a/ann arbor/6/60
    """,
    "H3N2": """
        a/aichi/2/1968 a/aichi/2/68 a/hong kong/1/1968 a/hong kong/1/68 a/hong kong/8/1968
        a/hong kong/8/68 a/victoria/3/1975 a/victoria/3/75 a/texas/1/1977 a/texas/1/77
        a/bangkok/1/1979 a/bangkok/1/79 a/philippines/2/1982 a/philippines/2/82
        a/leningrad/360/1986 a/sichuan/2/1987 a/sichuan/2/87 a/shanghai/11/1987 a/shanghai/11/87
        a/beijing/353/1989 a/beijing/353/89 a/beijing/32/1992 a/beijing/32/92 a/shangdong/9/1993
        a/shangdong/9/93 a/johannesburg/33/1994 a/johannesburg/33/94 a/wuhan/359/1995
        a/wuhan/359/95 a/nanchang/933/1995 a/nanchang/933/95 a/sydney/5/1997 a/sydney/5/97
        a/moscow/10/1999 a/moscow/10/99 a/panama/2007/1999 a/panama/2007/99 a/fujian/411/2002
        a/wyoming/3/2003 a/california/7/2004 a/new york/55/2004 a/wellington/1/2004
        a/hiroshima/52/2005 a/wisconsin/67/2005 a/brisbane/10/2007 a/uruguay/716/2007
        a/perth/16/2009 a/victoria/210/2009 a/victoria/361/2011 a/texas/50/2012
        a/switzerland/9715293/2013 a/hong kong/4801/2014 a/south australia/55/2014
        a/singapore/infimh-16-0019/2016 a/kansas/14/2017 a/switzerland/8060/2017
        a/hong kong/45/2019 a/hong kong/2671/2019 a/south australia/34/2019
        a/cambodia/e0826360/2020 a/darwin/6/2021 a/darwin/9/2021 a/massachusetts/18/2022
        a/thailand/8/2022
    """,
    "H5N1": """
        a/hong kong/156/1997 a/hong kong/156/97 a/hong kong/483/1997 a/hong kong/483/97
        a/vietnam/1194/2004 a/vietnam/1203/2004 a/viet nam/1194/2004 a/viet nam/1203/2004
        a/indonesia/5/2005 a/anhui/1/2005
    """,
    "H7N9": "a/anhui/1/2013 a/shanghai/2/2013",
    "B/Victoria": """
        b/victoria/2/1987 b/victoria/2/87 b/shandong/7/1997 b/shandong/7/97 b/hong kong/330/2001
        b/brisbane/32/2002 b/malaysia/2506/2004 b/ohio/1/2005 b/brisbane/33/2008
        b/brisbane/60/2008 b/nevada/3/2011 b/maryland/15/2016 b/colorado/6/2017
        b/washington/2/2019 b/austria/1359417/2021
    """,
    "B/Yamagata": """
        b/yamagata/16/1988 b/yamagata/16/88 b/panama/45/1990 b/panama/45/90 b/beijing/184/1993
        b/beijing/184/93 b/harbin/7/1994 b/harbin/7/94 b/yamanashi/166/1998 b/yamanashi/166/98
        b/johannesburg/5/1999 b/johannesburg/5/99 b/sichuan/379/1999 b/sichuan/379/99
        b/victoria/504/2000 b/shanghai/361/2002 b/jiangsu/10/2003 b/jilin/20/2003
        b/florida/7/2004 b/florida/4/2006 b/brisbane/3/2007 b/hubei-wujiagang/158/2009
        b/wisconsin/1/2010 b/texas/6/2011 b/massachusetts/2/2012 b/phuket/3073/2013
    """,
}  # fmt: skip


def reference_strains() -> dict[str, str]:
    """Name of each reference strain, in small letters, with its subtype or lineage."""
    found: dict[str, str] = {}
    for subtype, names in _REFERENCE.items():
        words = " ".join(names.split())
        for name in words.replace(" a/", "\na/").replace(" b/", "\nb/").split("\n"):
            if found.setdefault(name, subtype) != subtype:
                raise ValueError(f"the strain {name} is declared as {found[name]} and as {subtype}")
    return found


def _known() -> str:
    return ", ".join(f"('{name}', '{subtype}')" for name, subtype in reference_strains().items())


#: Type, place, number and year, the whole of a name or the beginning of one that adds words.
_NAME = r"^([ab])/([^/]+)/0*([^/ ]+)/([0-9]{2,4})(?![^ ,;()-])"
_PREFIX = "^(?:influenza|flu)[ -]*(?:virus)?[ -]*(?:type)?[ -]*"
_LINEAGE = "vic|victoria|yam|yamagata"
#: Names in the field of the strain that are not viruses which antibodies neutralise.
_LOAD = r"\m(load|loads|copies|viremia|viraemia|rna|dna|pfu|ffu|tcid50)\M"
_BACTERIUM = (
    "coccus|coccal|coccos|bacter|pneumoniae|serotype|serogroup|meningitidis|haemophilus|bordetella|pertussis"
    "|tetanus|tetani|diphtheria|toxoid|toxin|salmonella|typhi|cholera"
)

STRAINS = rf"""
create or replace function star.strain_name(text) returns text
language sql immutable parallel safe
return regexp_replace(regexp_replace(lower(btrim(star.plain_text($1)) collate "C"), ' +', ' ', 'g'),
    ' ?/ ?', '/', 'g');
comment on function star.strain_name(text) is
    'The name of a strain as names are compared: in small letters, blanks made one';

create or replace function star.names_load(name text) returns boolean
language sql immutable parallel safe
return coalesce((star.strain_name(name) collate "C") ~ '{_LOAD}', false);
comment on function star.names_load(text) is
    'What stands where the name of a strain belongs says that virus was measured, and not an antibody';

create or replace function star.names_bacterium(name text) returns boolean
language sql immutable parallel safe
return coalesce((star.strain_name(name) collate "C") ~ '{_BACTERIUM}', false);
comment on function star.names_bacterium(text) is
    'The name of a strain shows a bacterium or a toxin, whose antibodies are often given as a concentration';

create or replace function star.influenza_type(name text) returns text
language plpgsql immutable parallel safe as $body$
declare
    plain text collate "C" := star.strain_name(name);
    kind text;
begin
    if plain ~ ';|/.*/.*/.*/.*/' then
        return null;  -- more than one thing is named
    end if;
    -- A type before place, number and year; a type after the word influenza, or alone before a lineage.
    kind := coalesce(
        substring(plain from '^([abcd])(?: ?\(h[0-9]+n[0-9]+\))?/[^/]*[0-9a-z].*[0-9]'),
        substring(plain from '\m(?:influenza|flu)[ -]*(?:virus)?[ -]*(?:type)?[ -]*([abcd])\M'),
        case when plain ~ '\mh[0-9]{{1,2}}n[0-9]{{1,2}}(?![0-9])' then 'a' end,
        case when plain ~ '^b[ /-]?({_LINEAGE})([ /-]*(lineage|like))?$' then 'b' end);
    return upper(kind collate "C");
end $body$;
comment on function star.influenza_type(text) is
    'Type of influenza virus that the name of a strain shows: A, B, C or D; null where it shows none';

create or replace function star.influenza_subtype(name text) returns text
language plpgsql immutable parallel safe as $body$
declare
    plain text collate "C" := star.strain_name(name);
    kind text := star.influenza_type(name);
    parts text[];
    stated text[];
begin
    if kind is null then
        return null;
    elsif kind = 'A' then
        select array_agg(distinct upper(m.found[1] collate "C")) into stated
        from regexp_matches(plain, '(?:^|[^0-9a-z])(h[0-9]{{1,2}}n[0-9]{{1,2}})(?![0-9])', 'g') as m(found);
    elsif kind = 'B' then
        -- A place may be called Victoria: the text before the number is not a lineage.
        select array_agg(distinct case left(m.found[1], 1) when 'v' then 'B/Victoria' else 'B/Yamagata' end)
        into stated
        from regexp_matches(regexp_replace(regexp_replace(plain, '{_PREFIX}', ''), '^b/[^/]+/', ''),
            '\m({_LINEAGE})\M', 'g') as m(found);
        if stated is null and plain ~ '^(?:influenza )?b[ /-]?({_LINEAGE})([ /-]*(lineage|like))?$' then
            stated := array[case when plain ~ 'vic' then 'B/Victoria' else 'B/Yamagata' end];
        end if;
    end if;
    if stated is not null then
        return case when array_length(stated, 1) = 1 then stated[1] end;
    end if;
    parts := regexp_match(regexp_replace(plain, '{_PREFIX}', ''), '{_NAME}');
    return (select k.subtype from (values {_known()}) as k (name, subtype)
        where k.name = parts[1] || '/' || parts[2] || '/' || parts[3] || '/' || parts[4]);
end $body$;
comment on function star.influenza_subtype(text) is
    'Subtype (H1N1) or lineage (B/Victoria) of an influenza virus: what its name states, else that of the '
    'reference strain which it names; null where neither is so'
"""
