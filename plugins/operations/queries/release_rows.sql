-- Rows of one table that differ between two releases of a source. Only what the reader may name is compared.
with named as materialized (
    select
        cast(:old as text) as older,
        cast(:new as text) as newer,
        cast(:relation as text) as relation,
        cast(:scope as text) as scope
    where
        cast(:relation as text) is not null
        and (
            select count(distinct l.release_version)
            from monitor.load as l
            inner join monitor.capture as c on l.load_id = c.load_id
            where l.source = :source and l.release_version in (cast(:old as text), cast(:new as text))
        ) = 2
        and (
            cast(:scope as text) is null
            or exists (
                select 1 from monitor.capture as c
                where c.source = :source and c.scope = cast(:scope as text)
            )
        )
),

-- Of a table that a source does not have, nothing differs.
of_studies as (
    select d.*
    from named as n
    cross join lateral star.release_difference(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'immport'
),

of_vocabularies as (
    select d.*
    from named as n
    cross join lateral star.release_difference_vocabularies(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'vocabularies'
),

of_gene_lists as (
    select d.*
    from named as n
    cross join lateral star.release_difference_gene_lists(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'gene_lists'
),

of_orthologs as (
    select d.*
    from named as n
    cross join lateral star.release_difference_orthologs(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'orthologs'
),

of_impc as (
    select d.*
    from named as n
    cross join lateral star.release_difference_impc(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'impc'
),

of_fhir as (
    select d.*
    from named as n
    cross join lateral star.release_difference_fhir(n.older, n.newer, n.scope, n.relation) as d
    where :source = 'fhir'
),

found as (
    select
        study_accession as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_studies
    union all
    select
        vocabulary_name as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_vocabularies
    union all
    select
        gene_list_id as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_gene_lists
    union all
    select
        ortholog_table_id as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_orthologs
    union all
    select
        phenotyping_centre_id as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_impc
    union all
    select
        fhir_type_name as scope,
        row_key,
        change,
        column_name,
        old_value,
        new_value
    from of_fhir
)

select *
from found
where
    (cast(:change as text) is null or change = cast(:change as text))
    and (cast(:column as text) is null or column_name = cast(:column as text))
