-- HLA typings of a sample, a row each: the two alleles of each locus beside each other.
with named as (
    select
        f.expsample_key,
        f.subject_key,
        f.allele1,
        f.allele2,
        f.comments,
        f.result_id,
        coalesce(f.result_set_id, 0) as typing,
        lower(
            regexp_replace(
                coalesce(nullif(btrim(f.locus_name), ''), split_part(coalesce(f.allele1, f.allele2), '*', 1)),
                '^HLA-', ''
            )
        ) as locus
    from star.fact_hla_typing as f
    where f.study_key = :study_key and f.expsample_key > 0
)

select
    n.typing,
    n.expsample_key,
    min(n.subject_key) as subject_key,
    string_agg(n.result_id::text, chr(10)) filter (
        where n.locus in (
            'a', 'b', 'c', 'dpa1', 'dpb1', 'dqa1', 'dqb1', 'drb1', 'drb3', 'drb4', 'drb5'
        )
    ) as result_ids,
    string_agg(distinct n.comments, '; ') as remarks,
    min(n.allele1) filter (where n.locus = 'a') as a_1,
    min(n.allele2) filter (where n.locus = 'a') as a_2,
    min(n.allele1) filter (where n.locus = 'b') as b_1,
    min(n.allele2) filter (where n.locus = 'b') as b_2,
    min(n.allele1) filter (where n.locus = 'c') as c_1,
    min(n.allele2) filter (where n.locus = 'c') as c_2,
    min(n.allele1) filter (where n.locus = 'dpa1') as dpa1_1,
    min(n.allele2) filter (where n.locus = 'dpa1') as dpa1_2,
    min(n.allele1) filter (where n.locus = 'dpb1') as dpb1_1,
    min(n.allele2) filter (where n.locus = 'dpb1') as dpb1_2,
    min(n.allele1) filter (where n.locus = 'dqa1') as dqa1_1,
    min(n.allele2) filter (where n.locus = 'dqa1') as dqa1_2,
    min(n.allele1) filter (where n.locus = 'dqb1') as dqb1_1,
    min(n.allele2) filter (where n.locus = 'dqb1') as dqb1_2,
    min(n.allele1) filter (where n.locus = 'drb1') as drb1_1,
    min(n.allele2) filter (where n.locus = 'drb1') as drb1_2,
    min(n.allele1) filter (where n.locus = 'drb3') as drb3_1,
    min(n.allele2) filter (where n.locus = 'drb3') as drb3_2,
    min(n.allele1) filter (where n.locus = 'drb4') as drb4_1,
    min(n.allele2) filter (where n.locus = 'drb4') as drb4_2,
    min(n.allele1) filter (where n.locus = 'drb5') as drb5_1,
    min(n.allele2) filter (where n.locus = 'drb5') as drb5_2
from named as n
group by n.typing, n.expsample_key
