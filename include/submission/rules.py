"""The rules of the validator: a name each, how grave a breach is, and what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ValidationRule:
    """A rule that findings name.

    :ivar severity: `error` when ImmPort would refuse the package or store another value, else `warning`.
    :ivar group: what the rule looks at.
    """

    name: str
    severity: str
    group: str
    meaning: str


_DECLARED = {
    "package": """
        package_empty       error    the package holds no template
        zip_damaged         error    a file cannot be read whole, or its checksum does not agree
        zip_path            error    a name in the zip file leads out of it, or is a link
        zip_repeated        error    the zip file holds two files of one name
        zip_bomb            error    a file that grows too much when it is unpacked
        zip_encrypted       error    a file in the zip file is encrypted
        file_repeated       error    two folders of the package hold files of one name
        file_missing        error    a template names a file that the package does not hold
        file_case           error    a template names a file in another case than its own
        file_empty          error    a file of no bytes
        file_in_two_columns error    the same file as a result and as another file of one row
        file_unnamed        warning  no template names the file
        file_stray          warning  a file that a computer left there, such as .DS_Store
        file_too_large      error    a template of more bytes than is read
        checksum            error    a file whose checksum is not the one that a list in the package gives
        checksum_list       warning  a line of a list of checksums that cannot be read, or names no file
        """,
    "text": """
        encoding            error    bytes that are not UTF-8
        byte_order_mark     warning  a byte order mark before the first line
        line_ends           warning  lines that end in a carriage return alone
        not_a_template      error    a file named like a template that cannot be read as one
        quotes              warning  a cell in quotes
        line_break          error    a cell that was broken over several lines
        character           error    a control character, or a character that no encoding has
        whitespace          warning  blanks around a value, or blanks that are not spaces
        """,
    "workbook": """
        excel_date          error    Excel made a date of a value that is none
        excel_date_text     warning  a text that looks like what Excel makes of MARCH1 or 5-3
        excel_number        warning  Excel holds an identifier as a number, or wrote a number with an exponent
        excel_boolean       error    Excel made TRUE or FALSE of a value
        excel_error         error    a cell that holds an error of Excel, such as #REF!
        excel_formula       error    a formula without a stored result
        """,
    "structure": """
        template_unknown    error    the first line names no template of ImmPort
        schema_version      error    the template is of another schema version than ImmPort's declaration
        schema_newer        warning  the template is of a newer schema version than the declaration
        validation_level    error    a validation level that is neither Standard nor HIPC
        header_missing      error    no line names the template's columns
        first_column        error    the first column, which belongs to ImmPort, is missing or holds a value
        block_missing       error    a compound template lacks a block that it must have
        block_unknown       error    a block that the template does not have
        block_repeated      error    a block that stands twice
        block_rows          error    a block of one record that holds several
        column_missing      error    a required column is missing
        column_left_out     warning  an optional column is missing
        column_unknown      error    a column that the template does not have
        column_repeated     error    a column that stands twice
        column_order        warning  columns in another order than the template's
        column_spelling     warning  a column whose name is spelled in another case or with other blanks
        separator           error    the Result Separator Column is missing or in another place
        cells_beyond        error    a row with values beyond the last column
        block_empty         error    a block that the template must have, without rows
        rows_missing        warning  a template without rows
        """,
    "value": """
        required            error    a required value is missing
        number              error    a value that must be a number and is none
        number_reported     warning  a reported value that is not a number: only its text is kept
        whole_number        error    a value that must be a whole number above 0
        date                error    a date that is not written as 06-Feb-2005
        length              error    a value longer than ImmPort stores
        vocabulary          error    a value that is not a term of the controlled vocabulary
        spelling            warning  a term in another case or with other blanks
        preferred           warning  a value that is not a preferred term: it is kept as it was reported
        placeholder         warning  a text such as N/A where a value is missing
        list_repeated       warning  a list that names something twice
        list_empty          warning  a list with an empty place, as in A;;B
        """,
    "row": """
        required_if_new     error    a value that is required because the row describes a new record
        required_if         error    a value that is required because of another value of the row
        together            error    two values that must be given together, or not at all
        at_least_one        error    a row that has none of several values
        not_allowed         error    a value that another value of the row excludes
        order               warning  a lower bound above its upper bound
        age_limit           warning  an age of 90 years or more: ImmPort stores 90
        row_repeated        warning  a row that repeats another one, value by value
        """,
    "reference": """
        reference           error    an identifier that neither the package nor the workspace has
        reference_unchecked warning  accessions that cannot be checked without a list of known ones
        id_repeated         error    an identifier that two records have
        id_known            error    an identifier of a new record that the workspace already has
        new_of_known        error    a new biosample or experiment of a sample that the workspace has
        id_differs          warning  a record that two rows describe differently: the first counts
        key_repeated        error    values that must differ between the rows of a block
        study_of_subject    error    a row about a subject in a study that none of its arms belongs to
        study_of_visit      error    a row at a planned visit of another study
        arm_of_subject      error    a row about a subject in an arm that it is not in
        age_unit            error    an age in another unit than the study's
        sample_of_assay     error    results of a sample that another assay's template describes
        source              error    a source of a bead array result that no template describes
        assay_of_source     error    a bead array result of another assay than its source
        reagent_set         error    a reagent set that names a reagent set
        """,
}


def _parse() -> dict[str, ValidationRule]:
    rules = {}
    for group, text in _DECLARED.items():
        for line in text.strip().splitlines():
            name, severity, meaning = line.split(maxsplit=2)
            rules[name] = ValidationRule(name, severity, group, meaning)
    return rules


#: All rules by name, in the order in which they are explained.
RULES = _parse()
