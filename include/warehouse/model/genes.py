"""The assay facts of genes: expression, sequences and types. One entry each."""

from __future__ import annotations

from include.sql import call, sql
from include.warehouse.model.common_columns import (
    COMMON,
    CONTEXT,
    TREATMENT,
    UNITS,
    VALUE,
    VALUE_MEASURE,
    pair,
    unit,
)
from include.warehouse.model.declaration import Column, F, Fact, Measure, S, Type
from include.warehouse.model.gene_identity import gene
from include.warehouse.model.measured_values import ALLELES, EXPRESSION, SEQUENCING

INTEGER = Type.INTEGER

#: The symbol of a row, the preferred one where there is one.
_SYMBOL = call(
    "coalesce",
    *(sql("nullif(btrim(", name, "), '')") for name in (S.gene_symbol_preferred, S.gene_symbol_reported)),
)

PCR = Fact(
    name="pcr",
    assay="PCR",
    grain="one real-time PCR result",
    endpoint="pcr",
    references=(
        *CONTEXT,
        gene("Gene measured", S.gene_id, S.species, _SYMBOL),
        unit(),
    ),
    columns=(
        Column("gene_symbol_reported", "Gene symbol as reported"),
        Column("gene_symbol_preferred", "Gene symbol in ImmPort's words"),
        Column(
            "gene_id_sent",
            "Identifier of the gene as sent, also where it is not a number",
            source=S.gene_id,
        ),
        Column("gene_name", "Name of the gene, as reported"),
        Column("other_gene_accession", "Accession in another gene catalogue"),
        Column("analyte_accession", "ImmPort's accession of the gene's product, ANA..."),
        *VALUE,
        *UNITS,
        TREATMENT,
        *COMMON,
    ),
    derived=EXPRESSION.columns,
    lookup=EXPRESSION.lookup,
    measure=Measure("gene", F.gene_symbol_reported, F.gene_symbol_preferred, F.gene_key, **VALUE_MEASURE),
)

RNA_SEQ = Fact(
    name="rna_seq",
    assay="RNA sequencing",
    grain="one transcript of one RNA sequencing, where ImmPort holds it as a row and not in a file",
    # Packages alone have a table for them.
    endpoint="rna_seq_result",
    references=(*CONTEXT, unit(S.result_unit_preferred, S.result_unit_reported)),
    columns=(
        Column("reference_transcript_id", "Transcript, in the reference"),
        Column("reference_repository_name", "Repository of the reference"),
        *pair("transcript_type", "Kind of transcript", Type.TEXT),
        *VALUE,
        *pair("result_unit", "Unit", Type.TEXT),
        TREATMENT,
        *COMMON,
    ),
    derived=SEQUENCING.columns,
    lookup=SEQUENCING.lookup,
    measure=Measure(
        "transcript",
        F.reference_transcript_id,
        value_reported=F.value_reported,
        value_preferred=F.value_preferred,
        unit_reported=F.result_unit_reported,
        unit_preferred=F.result_unit_preferred,
    ),
)

_ALLELES = (
    Column("allele1", "First allele, as typed"),
    Column("allele2", "Second allele, as typed"),
)
_ALLELE_TEXT = call("concat_ws", "' '", F.allele1, F.allele2)

HLA_TYPING = Fact(
    name="hla_typing",
    assay="HLA typing",
    grain="the two alleles of one HLA locus",
    endpoint="hlaTyping",
    references=CONTEXT,
    columns=(
        Column("locus_name", "Locus; null where the allele names carry it"),
        *_ALLELES,
        Column("result_set_id", "Number shared by the loci of one typing", INTEGER),
        TREATMENT,
        *COMMON,
    ),
    derived=ALLELES,
    measure=Measure("HLA locus", F.locus_name, value_text=_ALLELE_TEXT),
)

KIR_TYPING = Fact(
    name="kir_typing",
    assay="KIR typing",
    grain="one KIR typing result",
    endpoint="kirTyping",
    references=CONTEXT,
    columns=(Column("kir_haplotype", "KIR haplotype"), *_ALLELES, TREATMENT, *COMMON),
    derived=ALLELES,
    measure=Measure("KIR haplotype", F.kir_haplotype, value_text=_ALLELE_TEXT),
)
