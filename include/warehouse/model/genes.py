"""The assay facts of genes: expression, sequences and types. One entry each."""

from __future__ import annotations

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
from include.warehouse.model.declaration import Column, Fact, Measure, Reference, Type
from include.warehouse.model.measured_values import ALLELES, EXPRESSION, SEQUENCING

INTEGER = Type.INTEGER

PCR = Fact(
    name="pcr",
    assay="PCR",
    grain="one real-time PCR result",
    endpoint="pcr",
    references=(
        *CONTEXT,
        Reference(
            "gene",
            (
                "s.gene_id",
                "s.gene_symbol_preferred",
                "s.gene_symbol_reported",
                "s.gene_name",
                "s.other_gene_accession",
            ),
            "Gene measured",
        ),
        unit(),
    ),
    columns=(
        Column("gene_symbol_reported", "Gene symbol as reported"),
        Column("gene_symbol_preferred", "Gene symbol in ImmPort's words"),
        Column("analyte_accession", "ImmPort's accession of the gene's product, ANA..."),
        *VALUE,
        *UNITS,
        TREATMENT,
        *COMMON,
    ),
    derived=EXPRESSION.columns,
    lookup=EXPRESSION.lookup,
    measure=Measure(
        "gene", "f.gene_symbol_reported", "f.gene_symbol_preferred", "f.gene_key", **VALUE_MEASURE
    ),
)

RNA_SEQ = Fact(
    name="rna_seq",
    assay="RNA sequencing",
    grain="one transcript of one RNA sequencing, where ImmPort holds it as a row and not in a file",
    # Packages alone have a table for them.
    endpoint="rna_seq_result",
    references=(*CONTEXT, unit("s.result_unit_preferred", "s.result_unit_reported")),
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
        "f.reference_transcript_id",
        value_reported="f.value_reported",
        value_preferred="f.value_preferred",
        unit_reported="f.result_unit_reported",
        unit_preferred="f.result_unit_preferred",
    ),
)

_ALLELES = (
    Column("allele1", "First allele, as typed"),
    Column("allele2", "Second allele, as typed"),
)
_ALLELE_TEXT = "concat_ws(' ', f.allele1, f.allele2)"

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
    measure=Measure("HLA locus", "f.locus_name", value_text=_ALLELE_TEXT),
)

KIR_TYPING = Fact(
    name="kir_typing",
    assay="KIR typing",
    grain="one KIR typing result",
    endpoint="kirTyping",
    references=CONTEXT,
    columns=(Column("kir_haplotype", "KIR haplotype"), *_ALLELES, TREATMENT, *COMMON),
    derived=ALLELES,
    measure=Measure("KIR haplotype", "f.kir_haplotype", value_text=_ALLELE_TEXT),
)
