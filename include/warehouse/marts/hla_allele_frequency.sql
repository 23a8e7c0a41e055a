-- Purpose: Frequency of HLA alleles by study and race.
-- Grain: one study, species, race, locus and allele, as typed: alleles of another resolution are alleles of
--   their own.
-- Caveat: the denominator is two chromosomes for each subject typed at the locus; a homozygous subject counts
--   twice, an unreported second allele is in the denominator and in untold_chromosomes. Of several
--   typings of a subject the newest counts. Pools are left out. Relatives are not identified.
-- Censored: there are none; alleles are names.
-- Apart:
--   sample type: (an allele is the same in every tissue)
--   technique: (an allele has one name, as typed, whatever typed it)
--   unit: (chromosomes are counted)
--   stimulation: (an allele is the same in every tissue)
--   time zero: (an allele does not change)
--   statistic: (chromosomes are counted)
--   species: species
-- Leaves out: pools, and subjects without a typed allele.
-- Columns:
--   study_accession text: Study
--   species text: Species
--   race text: Race; null where none is known
--   locus text: Locus without HLA-, from the allele's name where the study gives none
--   allele text: Allele as typed
--   is_null_allele boolean: Its name ends with N: it is not expressed
--   subjects bigint: Subjects that carry it
--   homozygous bigint: Those that carry it twice
--   copies bigint: Chromosomes that carry it
--   chromosomes bigint: Chromosomes typed: twice the subjects typed at the locus
--   untold_chromosomes bigint: Those of them whose allele is not reported
--   frequency numeric: Copies divided by chromosomes
create or replace view mart.hla_allele_frequency
with (security_invoker = true) as
with typed as (
    select distinct on (h.study_key, h.subject_key, h.locus)
        h.study_key,
        h.subject_key,
        h.locus,
        h.allele1,
        h.allele2
    from (
        select
            study_key,
            subject_key,
            result_id,
            nullif(btrim(allele1), '') as allele1,
            nullif(btrim(allele2), '') as allele2,
            regexp_replace(
                coalesce(nullif(btrim(locus_name), ''), split_part(coalesce(allele1, allele2), '*', 1)),
                '^HLA-', '', 'i'
            ) as locus
        from star.fact_hla_typing
        where subject_key > 0
    ) as h
    where h.allele1 is not null or h.allele2 is not null
    order by h.study_key asc, h.subject_key asc, h.locus asc, h.result_id desc
),

people as (
    select
        s.study_accession,
        e.species,
        u.race,
        t.subject_key,
        t.locus,
        t.allele1,
        t.allele2
    from typed as t
    inner join star.dim_study as s on t.study_key = s.study_key
    inner join star.dim_subject as u on t.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    where u.is_pool is not true
),

typings as (
    select
        study_accession,
        species,
        race,
        locus,
        2 * count(*) as chromosomes,
        count(*) filter (where allele1 is null) + count(*) filter (where allele2 is null) as unreported
    from people
    group by study_accession, species, race, locus
),

carried as (
    select
        p.study_accession,
        p.species,
        p.race,
        p.locus,
        a.allele,
        count(distinct p.subject_key) as subjects,
        count(*) as copies
    from people as p
    cross join lateral (values (p.allele1), (p.allele2)) as a (allele)
    where a.allele is not null
    group by p.study_accession, p.species, p.race, p.locus, a.allele
)

select
    c.study_accession,
    c.species,
    c.race,
    c.locus,
    c.allele,
    c.allele ~ '[0-9]N$' as is_null_allele,
    c.subjects,
    c.copies - c.subjects as homozygous,
    c.copies,
    t.chromosomes,
    t.unreported as untold_chromosomes,
    round(c.copies::numeric / t.chromosomes, 6) as frequency
from carried as c
inner join typings as t
    on
        c.study_accession = t.study_accession
        and c.species is not distinct from t.species
        and c.race is not distinct from t.race
        and c.locus = t.locus;
