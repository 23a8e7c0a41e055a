-- What the name of a strain says of influenza: type, subtype, lineage.

create or replace function star.strain_name(text) returns text
language sql immutable parallel safe
return regexp_replace(regexp_replace(lower(btrim(star.plain_text($1)) collate "C"), ' +', ' ', 'g'),
    ' ?/ ?', '/', 'g');

create or replace function star.names_load(name text) returns boolean
language sql immutable parallel safe
return coalesce((star.strain_name(name) collate "C")
    ~ '\m(load|loads|copies|viremia|viraemia|rna|dna|pfu|ffu|tcid50)\M', false);

create or replace function star.names_bacterium(name text) returns boolean
language sql immutable parallel safe
return coalesce((star.strain_name(name) collate "C")
    ~ 'coccus|coccal|coccos|bacter|pneumoniae|serotype|serogroup|meningitidis|haemophilus|bordetella'
        '|pertussis|tetanus|tetani|diphtheria|toxoid|toxin|salmonella|typhi|cholera', false);

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
        case when plain ~ '\mh[0-9]{1,2}n[0-9]{1,2}(?![0-9])' then 'a' end,
        case when plain ~ '^b[ /-]?(vic|victoria|yam|yamagata)([ /-]*(lineage|like))?$' then 'b' end);
    return upper(kind collate "C");
end $body$;

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
        from regexp_matches(plain, '(?:^|[^0-9a-z])(h[0-9]{1,2}n[0-9]{1,2})(?![0-9])', 'g') as m (found);
    elsif kind = 'B' then
        -- A place may be called Victoria: the text before the number is not a lineage.
        select array_agg(distinct case left(m.found[1], 1) when 'v' then 'B/Victoria' else 'B/Yamagata' end)
        into stated
        from regexp_matches(regexp_replace(
            regexp_replace(plain, '^(?:influenza|flu)[ -]*(?:virus)?[ -]*(?:type)?[ -]*', ''),
            '^b/[^/]+/', ''),
            '\m(vic|victoria|yam|yamagata)\M', 'g') as m (found);
        if stated is null
            and plain ~ '^(?:influenza )?b[ /-]?(vic|victoria|yam|yamagata)([ /-]*(lineage|like))?$' then
            stated := array[case when plain ~ 'vic' then 'B/Victoria' else 'B/Yamagata' end];
        end if;
    end if;
    if stated is not null then
        return case when array_length(stated, 1) = 1 then stated[1] end;
    end if;
    parts := regexp_match(
        regexp_replace(plain, '^(?:influenza|flu)[ -]*(?:virus)?[ -]*(?:type)?[ -]*', ''),
        '^([ab])/([^/]+)/0*([^/ ]+)/([0-9]{2,4})(?![^ ,;()-])');
    return (select k.subtype from (values
            ('a/puerto rico/8/1934', 'H1N1'), ('a/puerto rico/8/34', 'H1N1'),
            ('a/new jersey/8/1976', 'H1N1'), ('a/new jersey/8/76', 'H1N1'), ('a/ussr/90/1977', 'H1N1'),
            ('a/ussr/90/77', 'H1N1'), ('a/brazil/11/1978', 'H1N1'), ('a/brazil/11/78', 'H1N1'),
            ('a/chile/1/1983', 'H1N1'), ('a/chile/1/83', 'H1N1'), ('a/singapore/6/1986', 'H1N1'),
            ('a/singapore/6/86', 'H1N1'), ('a/taiwan/1/1986', 'H1N1'), ('a/taiwan/1/86', 'H1N1'),
            ('a/texas/36/1991', 'H1N1'), ('a/texas/36/91', 'H1N1'), ('a/bayern/7/1995', 'H1N1'),
            ('a/bayern/7/95', 'H1N1'), ('a/beijing/262/1995', 'H1N1'), ('a/beijing/262/95', 'H1N1'),
            ('a/johannesburg/82/1996', 'H1N1'), ('a/johannesburg/82/96', 'H1N1'),
            ('a/new caledonia/20/1999', 'H1N1'), ('a/new caledonia/20/99', 'H1N1'),
            ('a/solomon islands/3/2006', 'H1N1'), ('a/brisbane/59/2007', 'H1N1'),
            ('a/south dakota/6/2007', 'H1N1'), ('a/california/4/2009', 'H1N1'),
            ('a/california/7/2009', 'H1N1'), ('a/england/195/2009', 'H1N1'),
            ('a/christchurch/16/2010', 'H1N1'), ('a/michigan/45/2015', 'H1N1'),
            ('a/brisbane/2/2018', 'H1N1'), ('a/guangdong-maonan/swl1536/2019', 'H1N1'),
            ('a/hawaii/70/2019', 'H1N1'), ('a/victoria/2570/2019', 'H1N1'), ('a/wisconsin/588/2019', 'H1N1'),
            ('a/sydney/5/2021', 'H1N1'), ('a/victoria/4897/2022', 'H1N1'), ('a/wisconsin/67/2022', 'H1N1'),
            ('a/japan/305/1957', 'H2N2'), ('a/japan/305/57', 'H2N2'), ('a/singapore/1/1957', 'H2N2'),
            ('a/singapore/1/57', 'H2N2'), ('a/ann arbor/6/1960', 'H2N2'), ('a/ann arbor/6/60', 'H2N2'),
            ('a/aichi/2/1968', 'H3N2'), ('a/aichi/2/68', 'H3N2'), ('a/hong kong/1/1968', 'H3N2'),
            ('a/hong kong/1/68', 'H3N2'), ('a/hong kong/8/1968', 'H3N2'), ('a/hong kong/8/68', 'H3N2'),
            ('a/victoria/3/1975', 'H3N2'), ('a/victoria/3/75', 'H3N2'), ('a/texas/1/1977', 'H3N2'),
            ('a/texas/1/77', 'H3N2'), ('a/bangkok/1/1979', 'H3N2'), ('a/bangkok/1/79', 'H3N2'),
            ('a/philippines/2/1982', 'H3N2'), ('a/philippines/2/82', 'H3N2'),
            ('a/leningrad/360/1986', 'H3N2'), ('a/sichuan/2/1987', 'H3N2'), ('a/sichuan/2/87', 'H3N2'),
            ('a/shanghai/11/1987', 'H3N2'), ('a/shanghai/11/87', 'H3N2'), ('a/beijing/353/1989', 'H3N2'),
            ('a/beijing/353/89', 'H3N2'), ('a/beijing/32/1992', 'H3N2'), ('a/beijing/32/92', 'H3N2'),
            ('a/shangdong/9/1993', 'H3N2'), ('a/shangdong/9/93', 'H3N2'), ('a/johannesburg/33/1994', 'H3N2'),
            ('a/johannesburg/33/94', 'H3N2'), ('a/wuhan/359/1995', 'H3N2'), ('a/wuhan/359/95', 'H3N2'),
            ('a/nanchang/933/1995', 'H3N2'), ('a/nanchang/933/95', 'H3N2'), ('a/sydney/5/1997', 'H3N2'),
            ('a/sydney/5/97', 'H3N2'), ('a/moscow/10/1999', 'H3N2'), ('a/moscow/10/99', 'H3N2'),
            ('a/panama/2007/1999', 'H3N2'), ('a/panama/2007/99', 'H3N2'), ('a/fujian/411/2002', 'H3N2'),
            ('a/wyoming/3/2003', 'H3N2'), ('a/california/7/2004', 'H3N2'), ('a/new york/55/2004', 'H3N2'),
            ('a/wellington/1/2004', 'H3N2'), ('a/hiroshima/52/2005', 'H3N2'),
            ('a/wisconsin/67/2005', 'H3N2'), ('a/brisbane/10/2007', 'H3N2'), ('a/uruguay/716/2007', 'H3N2'),
            ('a/perth/16/2009', 'H3N2'), ('a/victoria/210/2009', 'H3N2'), ('a/victoria/361/2011', 'H3N2'),
            ('a/texas/50/2012', 'H3N2'), ('a/switzerland/9715293/2013', 'H3N2'),
            ('a/hong kong/4801/2014', 'H3N2'), ('a/south australia/55/2014', 'H3N2'),
            ('a/singapore/infimh-16-0019/2016', 'H3N2'), ('a/kansas/14/2017', 'H3N2'),
            ('a/switzerland/8060/2017', 'H3N2'), ('a/hong kong/45/2019', 'H3N2'),
            ('a/hong kong/2671/2019', 'H3N2'), ('a/south australia/34/2019', 'H3N2'),
            ('a/cambodia/e0826360/2020', 'H3N2'), ('a/darwin/6/2021', 'H3N2'), ('a/darwin/9/2021', 'H3N2'),
            ('a/massachusetts/18/2022', 'H3N2'), ('a/thailand/8/2022', 'H3N2'),
            ('a/hong kong/156/1997', 'H5N1'), ('a/hong kong/156/97', 'H5N1'),
            ('a/hong kong/483/1997', 'H5N1'), ('a/hong kong/483/97', 'H5N1'),
            ('a/vietnam/1194/2004', 'H5N1'), ('a/vietnam/1203/2004', 'H5N1'),
            ('a/viet nam/1194/2004', 'H5N1'), ('a/viet nam/1203/2004', 'H5N1'),
            ('a/indonesia/5/2005', 'H5N1'), ('a/anhui/1/2005', 'H5N1'), ('a/anhui/1/2013', 'H7N9'),
            ('a/shanghai/2/2013', 'H7N9'), ('b/victoria/2/1987', 'B/Victoria'),
            ('b/victoria/2/87', 'B/Victoria'), ('b/shandong/7/1997', 'B/Victoria'),
            ('b/shandong/7/97', 'B/Victoria'), ('b/hong kong/330/2001', 'B/Victoria'),
            ('b/brisbane/32/2002', 'B/Victoria'), ('b/malaysia/2506/2004', 'B/Victoria'),
            ('b/ohio/1/2005', 'B/Victoria'), ('b/brisbane/33/2008', 'B/Victoria'),
            ('b/brisbane/60/2008', 'B/Victoria'), ('b/nevada/3/2011', 'B/Victoria'),
            ('b/maryland/15/2016', 'B/Victoria'), ('b/colorado/6/2017', 'B/Victoria'),
            ('b/washington/2/2019', 'B/Victoria'), ('b/austria/1359417/2021', 'B/Victoria'),
            ('b/yamagata/16/1988', 'B/Yamagata'), ('b/yamagata/16/88', 'B/Yamagata'),
            ('b/panama/45/1990', 'B/Yamagata'), ('b/panama/45/90', 'B/Yamagata'),
            ('b/beijing/184/1993', 'B/Yamagata'), ('b/beijing/184/93', 'B/Yamagata'),
            ('b/harbin/7/1994', 'B/Yamagata'), ('b/harbin/7/94', 'B/Yamagata'),
            ('b/yamanashi/166/1998', 'B/Yamagata'), ('b/yamanashi/166/98', 'B/Yamagata'),
            ('b/johannesburg/5/1999', 'B/Yamagata'), ('b/johannesburg/5/99', 'B/Yamagata'),
            ('b/sichuan/379/1999', 'B/Yamagata'), ('b/sichuan/379/99', 'B/Yamagata'),
            ('b/victoria/504/2000', 'B/Yamagata'), ('b/shanghai/361/2002', 'B/Yamagata'),
            ('b/jiangsu/10/2003', 'B/Yamagata'), ('b/jilin/20/2003', 'B/Yamagata'),
            ('b/florida/7/2004', 'B/Yamagata'), ('b/florida/4/2006', 'B/Yamagata'),
            ('b/brisbane/3/2007', 'B/Yamagata'), ('b/hubei-wujiagang/158/2009', 'B/Yamagata'),
            ('b/wisconsin/1/2010', 'B/Yamagata'), ('b/texas/6/2011', 'B/Yamagata'),
            ('b/massachusetts/2/2012', 'B/Yamagata'), ('b/phuket/3073/2013', 'B/Yamagata')
        ) as k (name, subtype)
        where k.name = parts[1] || '/' || parts[2] || '/' || parts[3] || '/' || parts[4]);
end $body$;
