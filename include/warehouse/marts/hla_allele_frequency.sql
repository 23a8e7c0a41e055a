-- Purpose: Frequency of HLA alleles by study and race.
-- Grain: one study, species, race, locus and allele, as typed: alleles of another resolution are alleles of
--   their own.
-- Caveat: the denominator is two chromosomes for each subject typed at the locus; a homozygous subject counts
--   twice, an unreported second allele is in the denominator and in unreported_chromosomes. Of several
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
--   unreported_chromosomes bigint: Those of them whose allele is not reported
--   frequency numeric: Copies divided by chromosomes
create or replace view mart.hla_allele_frequency
with (security_invoker = true) as
with typed as (
    select distinct on (h.study_accession, h.subject_key, h.locus)
        h.study_accession,
        h.subject_key,
        h.locus,
        h.allele1,
        h.allele2
    from (
        select
            s.study_accession,
            f.subject_key,
            f.result_id,
            nullif(btrim(f.allele1), '') as allele1,
            nullif(btrim(f.allele2), '') as allele2,
            regexp_replace(
                coalesce(nullif(btrim(f.locus_name), ''), split_part(coalesce(f.allele1, f.allele2), '*', 1)),
                '^HLA-', '', 'i'
            ) as locus
        from star.fact_hla_typing as f
        inner join star.dim_study as s on f.study_key = s.study_key
        where f.subject_key > 0
    ) as h
    where h.allele1 is not null or h.allele2 is not null
    order by h.study_accession asc, h.subject_key asc, h.locus asc, h.result_id desc
),

people as (
    select
        t.study_accession,
        e.species,
        u.race,
        t.subject_key,
        t.locus,
        t.allele1,
        t.allele2,
        2 * count(*) over alike as chromosomes,
        count(*) filter (where t.allele1 is null) over alike
        + count(*) filter (where t.allele2 is null) over alike as unreported
    from typed as t
    inner join star.dim_subject as u on t.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    where u.is_pool is not true
    window alike as (partition by t.study_accession, e.species, u.race, t.locus)
),

carried as (
    select
        p.study_accession,
        p.species,
        p.race,
        p.locus,
        a.allele,
        p.chromosomes,
        p.unreported,
        count(distinct p.subject_key) as subjects,
        count(*) as copies
    from people as p
    cross join lateral (values (p.allele1), (p.allele2)) as a (allele)
    where a.allele is not null and p.locus is not null
    group by p.study_accession, p.species, p.race, p.locus, a.allele, p.chromosomes, p.unreported
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
    c.chromosomes,
    c.unreported as unreported_chromosomes,
    round(c.copies::numeric / c.chromosomes, 6) as frequency
from carried as c;
