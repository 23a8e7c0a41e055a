"""What images of IMPC are of: dimensions of the combinations that documents state. One entry each.

A member is what documents say, all of it: where two of them give one accession two names, there are two
members. To count genes, or procedures, count their accessions.
"""

from __future__ import annotations

from include.sql import Expression, call, sql
from include.warehouse.model.common_columns import number
from include.warehouse.model.declaration import Column, Derived, Dimension, H, S, Type
from include.warehouse.model.relations import Reference


def _terms(name: str, grain: str, **columns: str) -> Dimension:
    """A dimension of texts; what ends with `_id` and stands in `_NUMBERS` is a number."""
    key = tuple(Column(of, meaning, _NUMBERS.get(of, Type.TEXT)) for of, meaning in columns.items())
    return Dimension(name=name, grain=grain, natural_key=key)


_NUMBERS = dict.fromkeys(
    ("centre_id", "project_id", "datasource_id", "pipeline_id", "procedure_id", "parameter_id"), Type.INTEGER
)


def refer(
    dimension: Dimension, meaning: str, *fields: str, role: str = "", numbers: tuple[str, ...] = ()
) -> Reference:
    """The member that a document states in some of its fields.

    :param fields: one for each column of the dimension's key.
    :param numbers: those of them that are numbers.
    """
    key: tuple[Expression, ...] = tuple(number(name) if name in numbers else S[name] for name in fields)
    return Reference(dimension.name, key, meaning, role)


CENTRE = _terms(
    "impc_centre",
    "one centre of IMPC as documents state it",
    centre_id="Number of the centre; IMPC's present build does not send it",
    centre="Name of the centre",
)
GENE = _terms(
    "mouse_gene",
    "one mouse gene as documents of IMPC state it; human genes are in dim_gene, and no equal symbol makes a"
    " mouse gene one of those",
    mgi_id="Accession of the gene at MGI, MGI:1931838",
    mouse_gene_symbol="Symbol of the mouse gene",
)
ALLELE = _terms(
    "mouse_allele",
    "one allele of a mouse gene",
    allele_accession_id="Accession of the allele at MGI",
    allele_symbol="Symbol of the allele: Dbn1<tm1b(KOMP)Wtsi>, the brackets are part of it",
)
STRAIN = _terms(
    "mouse_strain",
    "one strain of mice",
    strain_accession_id="Accession of the strain; older ones are IMPC's own",
    strain_name="Name of the strain",
    genetic_background="Genetic background",
)
PROJECT = _terms(
    "impc_project",
    "one project",
    project_id="Number of the project; IMPC's present build does not send it",
    project_name="Name of the project",
)
DATASOURCE = _terms(
    "impc_datasource",
    "one source of data within IMPC",
    datasource_id="Number of the source; IMPC's present build does not send it",
    datasource_name="Name of the source",
)
PIPELINE = _terms(
    "impc_pipeline",
    "one pipeline: the procedures that mice go through at a centre",
    pipeline_id="Number of the pipeline; IMPC's present build does not send it",
    pipeline_stable_id="Stable identifier, IMPC_001",
    pipeline_name="Name",
)
PROCEDURE = _terms(
    "impc_procedure",
    "one procedure of pipelines",
    procedure_id="Number of the procedure; IMPC's present build does not send it",
    procedure_stable_id="Stable identifier, IMPC_XRY_001",
    procedure_name="Name",
    procedure_group="Procedures of one kind, IMPC_XRY",
)
PARAMETER = _terms(
    "impc_parameter",
    "one parameter of a procedure",
    parameter_id="Number of the parameter; IMPC's present build does not send it",
    parameter_stable_id="Stable identifier, IMPC_XRY_048_001",
    parameter_name="Name",
)
LIFE_STAGE = _terms(
    "impc_life_stage",
    "one stage of life",
    life_stage_acc="Accession, IMPCLS:0005",
    life_stage_name="Name, Early adult",
)
DEVELOPMENTAL_STAGE = _terms(
    "impc_developmental_stage",
    "one stage of development",
    developmental_stage_acc="Accession",
    developmental_stage_name="Name",
)


def _plain(column: Expression) -> Expression:
    # Letters by one rule in every database: Turkish ones would make another of an I.
    return sql("lower(btrim(", column, ') collate "C")')


#: What documents call sexes, zygosities and types of files, in the words of this warehouse.
_SEX = sql(
    "case when ", _plain(H.sex), " in ('male', 'female') then ", _plain(H.sex),
    " when ", _plain(H.sex), " is not null then 'no data' end",
)  # fmt: skip
_ZYGOSITIES = {
    "heterozygote": ("heterozygote", "heterozygous"),
    "homozygote": ("homozygote", "homozygous"),
    "hemizygote": ("hemizygote", "hemizygous"),
    "wildtype": ("wildtype", "wild type", "wild-type"),
}
_ZYGOSITY = sql(
    "case",
    *(
        sql(" when ", _plain(H.zygosity), f" in ({', '.join(repr(text) for text in texts)}) then '{name}'")
        for name, texts in _ZYGOSITIES.items()
    ),
    " end",
)
_FILE_TYPES = {
    "JPEG": ("image/jpeg", "image/jpg", "image/pjpeg", "jpg", "jpeg"),
    "PNG": ("image/png", "png"),
    "TIFF": ("image/tiff", "image/tif", "tiff", "tif"),
    "BMP": ("image/bmp", "image/x-ms-bmp", "bmp"),
    "DICOM": ("img/dcm", "image/dcm", "image/dicom", "application/dicom", "dcm", "dicom"),
    "PDF": ("application/pdf", "pdf"),
}
_FILE_TYPE = sql(
    "case",
    *(
        sql(" when ", _plain(H.file_type), f" in ({', '.join(repr(text) for text in texts)}) then '{name}'")
        for name, texts in _FILE_TYPES.items()
    ),
    " when ", H.file_type, " is not null then 'other' end",
)  # fmt: skip


def day(column: Expression) -> Expression:
    """The day of a point in time as sent: 2014-03-03T00:00:00Z or 2014-03-03."""
    return sql("left(nullif(btrim(", column, "), ''), 10)::date")


SPECIMEN = Dimension(
    name="impc_specimen",
    grain="one mouse or embryo as documents describe it",
    is_numerous=True,
    natural_key=(
        Column("specimen_id", "Identifier of the specimen, 32 hexadecimal digits"),
        Column("biological_sample_id", "Number of the sample; IMPC's present build does not send it",
               Type.INTEGER),
        Column("external_sample_id", "Name that the centre gives it"),
        Column("biological_sample_group", "experimental or control"),
        Column("sex", "Sex as sent: male, female, no_data, NA"),
        Column("zygosity", "Zygosity as sent: heterozygote, homozygote, hemizygote, wildtype"),
        Column("colony_id", "Colony"),
        Column("litter_id", "Litter"),
        Column("date_of_birth_sent", "Date of birth as sent"),
        Column("biological_model_id", "Number of the model; IMPC's present build does not send it",
               Type.INTEGER),
        Column("allelic_composition", "Both alleles, Dbn1<tm1b(KOMP)Wtsi>/Dbn1<+>"),
    ),
    derived=(
        Derived("sex_known", "male, female or no data", Type.TEXT, _SEX),
        Derived("zygosity_known", "heterozygote, homozygote, hemizygote, wildtype; null for another word",
                Type.TEXT, _ZYGOSITY),
        Derived("date_of_birth", "Date of birth; null where what was sent is not a date", Type.DATE,
                sql("case when pg_input_is_valid(left(btrim(", H.date_of_birth_sent, "), 10), 'date') then ",
                    day(H.date_of_birth_sent), " end")),
    ),
)  # fmt: skip

FILE_TYPE = Dimension(
    name="impc_file_type",
    grain="one type of file as documents state it",
    natural_key=(Column("file_type", "Type as sent: image/jpg, img/dcm"),),
    derived=(Derived("file_format", "JPEG, PNG, TIFF, BMP, DICOM, PDF or other", Type.TEXT, _FILE_TYPE),),
)

ONTOLOGY_TERM = Dimension(
    name="ontology_term",
    grain="one term of an ontology as documents of IMPC state it, or one half of it where its pair is not"
    " known",
    natural_key=(
        Column("ontology", "MP for phenotypes, ANATOMY for parts of the body"),
        Column("term_id", "Identifier, MP:0001264 or MA:0000009; null for a term without a known identifier"),
        Column("term", "Name; null for an identifier without a known name"),
    ),
    derived=(
        Derived("names_of_term_id", "How many names documents give this identifier: more than one where pairs"
                " by position are wrong, or a term was renamed", Type.INTEGER,
                sql("case when ", H.term_id, " is not null then count(", H.term, ") over (partition by ",
                    H.ontology, ", ", H.term_id, ") end")),
    ),
)  # fmt: skip

TERMS = (
    CENTRE,
    GENE,
    ALLELE,
    STRAIN,
    SPECIMEN,
    PROJECT,
    DATASOURCE,
    PIPELINE,
    PROCEDURE,
    PARAMETER,
    LIFE_STAGE,
    DEVELOPMENTAL_STAGE,
    FILE_TYPE,
    ONTOLOGY_TERM,
)


def absolute(column: Expression) -> Expression:
    """An address with its scheme: IMPC sends `//www.ebi.ac.uk/...`."""
    return sql("case when ", column, " like '//%' then 'https:' || ", column, " else ", column, " end")


def checksum(*columns: Expression) -> Expression:
    """The SHA-256 that ends one of several addresses or paths; null where none does."""
    return call("coalesce", *(sql("substring(", column, " from '[0-9a-f]{64}$')") for column in columns))
