"""The note of a run in Airflow: how it ended, in a line.

The task that ends a run leaves the line as an XCom; when the run ends, its scheduler makes a note of it.
A note that was there before, such as the reason of the person who requested the run, stays in front.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

#: Key of the XCom, and what begins its line in a note.
SUMMARY, _MARK = "summary", "Ended as "
#: Characters of a note.
LONGEST_NOTE = 1_000


def note(dag_run: Any) -> None:
    """Put the summary of a run that ended into its note.

    :param dag_run: Airflow's record of the run, within the session of who ends it, or within none.
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    if (session := object_session(dag_run)) is not None:
        _write(session, dag_run)
        return
    with create_session() as own:
        if (found := own.get(DagRun, dag_run.id)) is not None:
            _write(own, found)


def _write(session: Session, dag_run: Any) -> None:
    from airflow.models.xcom import XComModel

    of_run = (
        XComModel.dag_id == dag_run.dag_id,
        XComModel.run_id == dag_run.run_id,
        XComModel.key == SUMMARY,
    )
    newest = sa.select(XComModel.value).where(*of_run).order_by(XComModel.timestamp.desc()).limit(1)
    if text := session.scalar(newest):
        before = [line for line in (dag_run.note or "").splitlines() if not line.startswith(_MARK)]
        dag_run.note = "\n".join([*before, f"{_MARK}{text}"])[:LONGEST_NOTE]
