"""comments in the terms of the field

Revision: 0028, after 0027
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

#: Comment of a column, by schema, column and text: the tables that have it.
_COLUMNS = {
    ("history", "study_key", "Study that the row comes from"): ("bridge_assessment_file", "bridge_biosample_treatment", "bridge_control_sample_file", "bridge_experiment_protocol", "bridge_expsample_biosample", "bridge_expsample_reagent", "bridge_expsample_repository", "bridge_expsample_treatment", "bridge_fcs_header_marker", "bridge_fcs_result_marker", "bridge_lab_panel_protocol", "bridge_reagent_set", "bridge_standard_curve_file", "bridge_study_condition", "bridge_study_criterion", "bridge_study_file", "bridge_study_grant", "bridge_study_link", "bridge_study_panel", "bridge_study_personnel", "bridge_study_protocol", "bridge_study_pubmed", "bridge_study_research_focus", "dim_arm", "dim_biosample", "dim_control_sample", "dim_experiment", "dim_expsample", "dim_file", "dim_grant", "dim_participation", "dim_person", "dim_planned_visit", "dim_program", "dim_protocol", "dim_publication", "dim_reagent", "dim_standard_curve", "dim_subject", "dim_treatment", "fact_adverse_event", "fact_assessment", "fact_elisa", "fact_elispot", "fact_fcs_analyzed", "fact_fcs_header", "fact_hai", "fact_hla_typing", "fact_immune_exposure", "fact_intervention", "fact_kir_typing", "fact_lab_test", "fact_mass_spectrometry", "fact_mbaa", "fact_neut_ab_titer", "fact_pcr", "fact_result_file", "fact_rna_seq",),
    ("history", "study_categorization_id", "ImmPort's number of the row"): ("bridge_study_research_focus",),
    ("history", "dilution_factor_text", "How often it was diluted, as sent, where it is not a number"): ("dim_control_sample",),
    ("history", "lower_limit", "Lowest concentration that can be determined (unit: lower_limit_unit)"): ("dim_standard_curve",),
    ("history", "lower_limit_text", "Lowest concentration that can be determined, as sent, where it is not a number"): ("dim_standard_curve",),
    ("history", "upper_limit", "Highest concentration that can be determined (unit: upper_limit_unit)"): ("dim_standard_curve",),
    ("history", "upper_limit_text", "Highest concentration that can be determined, as sent, where it is not a number"): ("dim_standard_curve",),
    ("history", "initial_data_release_version", "First data release with the study"): ("dim_study",),
    ("history", "amount_value_text", "Amount given, as sent, where it is not a number"): ("dim_treatment",),
    ("history", "duration_value_text", "How long it was given, as sent, where it is not a number"): ("dim_treatment",),
    ("history", "temperature_value_text", "Temperature, as sent, where it is not a number"): ("dim_treatment",),
    ("history", "result_value_preferred_text", "Value, as ImmPort curated it, as sent, where it is not a number"): ("fact_assessment",),
    ("history", "study_day_text", "Day of the study, as sent, where it is not a number"): ("fact_assessment",),
    ("history", "age_at_onset_preferred_text", "Age at which it began, as sent, where it is not a number"): ("fact_assessment",),
    ("history", "result_set_id", "Number shared by the loci of one typing"): ("fact_hla_typing",),
    ("history", "dose_preferred_text", "Dose, as ImmPort curated it, as sent, where it is not a number"): ("fact_intervention",),
    ("history", "start_day_text", "Day of the study on which it began, as sent, where it is not a number"): ("fact_intervention",),
    ("history", "end_day_text", "Day of the study on which it ended, as sent, where it is not a number"): ("fact_intervention",),
    ("history", "duration_text", "How long it was given, as sent, where it is not a number"): ("fact_intervention",),
    ("history", "mfi_text", "Mean fluorescence intensity; below 0 after a background was subtracted, as sent, where it is not a number"): ("fact_mbaa",),
    ("history", "cleared_in", "First run whose list of restricted studies no longer named it"): ("study_access",),
    ("history", "is_cleared", "A second run confirmed that: it may be opened"): ("study_access",),
    ("history", "term", "Identifier of the term within the vocabulary"): ("vocabulary_term",),
    ("history", "valid_from", "End of the first fetch with these values"): ("vocabulary_term",),
    ("history", "valid_to", "End of the first fetch with other values or without it; infinity is open"): ("vocabulary_term",),
    ("history", "fields", "Further fields of the vocabulary, as sent"): ("vocabulary_term",),
    ("ops", "as_of", "Release it shows; null for the state when it was written"): ("export",),
    ("ops", "location", "Folder or URL of the file"): ("file_download",),
    ("ops", "run_id", "Run that planned it last: only this run updates the row"): ("file_download",),
    ("ops", "source", "Host that answered"): ("format_verdict",),
    ("ops", "header", "Header line of the TSV; another one makes the verdict void"): ("format_verdict",),
    ("ops", "detail", "The first difference, or why the verdict became void"): ("format_verdict",),
    ("ops", "listed_version", "Release that the listing gave the study; null when none was requested"): ("load",),
    ("ops", "route", "Route of the data: api or package; null until one is chosen"): ("load",),
    ("ops", "route_reason", "Why this route was chosen"): ("load",),
    ("ops", "fence", "Newest attempt that took the load; writes of older ones are refused"): ("load",),
    ("ops", "created_at", "When the load was planned"): ("load",),
    ("ops", "table_name", "Table, by its name in current packages"): ("package_sample",),
    ("ops", "read_for", "Endpoints whose rows are made of it; null for an unread table"): ("package_table",),
    ("ops", "withdrawn", "Rows that are no longer there"): ("release_change",),
    ("ops", "unchanged", "Rows that did not change"): ("release_change",),
    ("ops", "distinct_keys", "Keys among the staged rows it was made of; null where the load does not provide the table"): ("release_change",),
    ("ops", "is_complete", "The listing names every study that the source counted"): ("run",),
    ("ops", "note", "Remarks: why work was put on hold, a key about to expire"): ("run",),
    ("ops", "is_known", "The load provides the endpoint; otherwise its earlier rows stay valid"): ("staged",),
    ("ops", "pieces", "Parts in which it was requested; 0 for none, 1 for a whole answer"): ("staged",),
    ("ops", "rows_expected", "Rows according to an independent count"): ("staged",),
    ("ops", "expected_from", "Source of that count: the release's table counts, an undivided answer"): ("staged",),
    ("ops", "note", "Remarks: why nothing was requested, why in parts"): ("staged",),
    ("ops", "release_date", "Date that ImmPort gave with that release"): ("study",),
    ("ops", "listed_version", "Release that the listing gave the study when it was loaded"): ("study",),
    ("ops", "corrected", "Terms that were there with other values"): ("vocabulary_fetch",),
    ("ops", "withdrawn", "Terms that are no longer there"): ("vocabulary_fetch",),
    ("ops", "unchanged", "Terms that did not change"): ("vocabulary_fetch",),
    ("ops", "note", "Remarks: keys that were missing or new, nothing received"): ("vocabulary_fetch",),
    ("quality", "relation", "Table that it checked"): ("audit",),
    ("quality", "severity", "critical fails the run, warning is only reported"): ("audit",),
    ("quality", "failed_rows", "Rows that broke it; 0 when none did"): ("audit",),
    ("quality", "success", "Whether the expectation was met"): ("result",),
}
#: Comment of a table, by schema and table.
_TABLES = {
    ("history", "data_release"): "Data releases of ImmPort that this warehouse knows",
    ("ops", "circuit"): "Hosts that failed repeatedly: while a circuit is open, no requests are sent",
    ("ops", "content"): "Rows and digest of each study in each table after its last publish, for the audit to compare",
    ("ops", "file_download"): "Files downloaded to the object storage, and those that failed or were left out",
    ("ops", "format_verdict"): "Whether an endpoint's TSV equals its JSON, compared once on a small answer",
    ("ops", "package_table"): "Tables of the package of a load, unread ones included",
    ("ops", "step"): "Each step of each load: times, rows, outcome",
    ("ops", "study"): "State of each study in the warehouse",
    ("ops", "unreported_column"): "Columns that a load did not report: their earlier values stay",
    ("ops", "vocabulary_fetch"): "Rows received per fetch and vocabulary, and the changes they made",
}


def upgrade() -> None:
    for (schema, column, comment), tables in _COLUMNS.items():
        for table in tables:
            op.alter_column(table, column, comment=comment, schema=schema)
    for (schema, table), comment in _TABLES.items():
        op.create_table_comment(table, comment, schema=schema)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
