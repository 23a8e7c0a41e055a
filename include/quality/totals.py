"""Numbers that a source states of itself, compared with what was staged."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.immport import ENDPOINTS, RESULT_ENDPOINTS
from include.sources.model import Endpoint
from include.warehouse.staging import staging_table


def declared_results(connection: sa.Connection, load_id: int) -> tuple[int, int]:
    """Compare the results of each experiment sample with the number that older packages declare.

    A difference is worth a warning and no more: the number is what ImmPort counted when the results were
    submitted, and nobody keeps it up. That no row of a package is lost on the way is proven in staging.

    :returns: experiment samples with such a number, and those with another number of results.
    """
    results = " union all ".join(
        f"select s.{sample} as expsample_accession, '{item.name}' as endpoint, s.result_id"
        f" from {staging_table(load_id, item)} s"
        for item in RESULT_ENDPOINTS
        if item.key == ("resultId",) and (sample := _sample_column(item))
    )
    declared, wrong = connection.exec_driver_sql(
        f"""select count(*), count(*) filter (where d.results <> coalesce(f.results, 0))
            from (select s.expsample_accession, max(btrim(s.result_total_recs)::bigint) as results
                from {staging_table(load_id, ENDPOINTS["expsample"])} s
                where btrim(s.result_total_recs) ~ '^[0-9]{{1,18}}$' group by s.expsample_accession) d
            left join (select r.expsample_accession, count(distinct (r.endpoint, r.result_id)) as results
                from ({results}) r group by r.expsample_accession) f using (expsample_accession)"""
    ).one()
    return declared, wrong


def _sample_column(endpoint: Endpoint) -> str | None:
    """The column that names a result's experiment sample; bead arrays name theirs as the source."""
    names = ("expsample_accession", "source_accession")
    return next((name for name in names if name in endpoint.columns), None)
