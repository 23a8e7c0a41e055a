"""What operators share: where the warehouse and the landing zone are, under which name a run is kept, and
what becomes of an error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

from immport_provider.alerts import run_ended, task_failed
from immport_provider.run_notes import SUMMARY

if TYPE_CHECKING:
    import jinja2
    import sqlalchemy as sa
    from airflow.sdk import Context

    from include.landing.zone import Landing
    from include.pipeline.run_ledger import TaskRef

log = logging.getLogger(__name__)


#: What the grid shows of a mapped task instead of its number.
STUDIES_OF_TASK = "{{ task.label }}"
#: Studies that a name of a task holds; the others are counted.
_NAMED = 5


def run_key(context: Context) -> str:
    """Key of a run in the warehouse, `dag_id/run_id`: Airflow's run ids are unique within a DAG only."""
    return f"{context['dag'].dag_id}/{context['run_id']}"


def task_ref(context: Context) -> TaskRef:
    """The task that runs, as the record of the run names it."""
    from include.pipeline.run_ledger import TaskRef

    task = context["ti"]
    return TaskRef(task.task_id, -1 if task.map_index is None else task.map_index, task.try_number)


def keep_summary(context: Context, text: str) -> None:
    """Keep how a run ended, for the note that Airflow shows of it: the counts, which name no study."""
    context["ti"].xcom_push(key=SUMMARY, value=text.partition("\n")[0])


def end_with_error(context: Context) -> None:
    """Let the log of a failed task end with what happened, in words: Airflow ends it with a traceback."""
    log.error("%s", context.get("exception"))


class PartlyFailedError(AirflowFailException):
    """The run did what it could; what is missing, another try would miss, too."""


class WarehouseOperator(BaseOperator):
    """What all operators share: where the warehouse is, and what becomes of an error.

    An operator does its work in `perform`. An error that may pass is left to Airflow's retries, any other
    fails the task at once: `include.pipeline.verdict` decides, for all operators alike.

    :param warehouse_conn_id: Airflow connection of type `postgres`.
    :cvar is_whole_run: the run is this task: it opens the record of the run, and closes it however it ends.
    :cvar ends_run: it ends a run: alerts are evaluated when it succeeds, as they are when any task fails.
    """

    template_fields: Sequence[str] = ("warehouse_conn_id",)
    ui_color = "#dff0ea"
    is_whole_run: ClassVar[bool] = False
    ends_run: ClassVar[bool] = False

    def __init__(self, *, warehouse_conn_id: str = "warehouse_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id
        # Beside those that the DAG or its author set.
        self.on_failure_callback = [*self.on_failure_callback, task_failed, end_with_error]

    @property
    def label(self) -> str:
        """Name of a mapped task: its studies, once they are known."""
        studies = getattr(self, "studies", None)
        if not isinstance(studies, list | tuple):
            return ""
        left = len(studies) - _NAMED
        return ", ".join(studies[:_NAMED]) + (f" and {left} more" if left > 0 else "")

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """As Airflow does, but a value keeps its type: native rendering reads the text "2024" as a number.

        A template of one expression is that expression's value, any other is text.
        """
        if not isinstance(content, str):
            return super().render_template(content, context, jinja_env, seen_oids)
        template = (jinja_env or self.get_template_env()).from_string(content)
        parts = list(template.root_render_func(template.new_context(dict(context))))
        return parts[0] if len(parts) == 1 else "".join(map(str, parts))

    def execute(self, context: Context) -> Any:
        """Do the work.

        :raises AirflowFailException: it failed, and another try would fail in the same way.
        :raises Exception: whatever may pass by itself.
        """
        self.judged(self.before, context)
        done = self.judged(self._recorded if self.is_whole_run else self.perform, context)
        if self.ends_run:
            run_ended(self.engine())
        return done

    def judged(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do a part of the work: `execute` all of it, a method that resumes a waiting task the rest.

        Errors are as of `execute`.
        """
        from immport_provider.lookups import may_be_defined
        from include.pipeline import run_ledger
        from include.pipeline.verdict import may_pass

        try:
            return work(*arguments)
        except Exception as error:
            # What an operator decided for itself stays so; a connection that is not defined is an error.
            if isinstance(error, AirflowNotFoundException):
                if may_be_defined(error):
                    raise
            elif isinstance(error, AirflowException) or may_pass(error):
                raise
            raise AirflowFailException(run_ledger.brief(error)) from error

    def before(self, context: Context) -> None:
        """What there is to decide before the work and its record begin; nothing of most operators."""

    def perform(self, context: Context) -> Any:
        """The work of the operator."""
        raise NotImplementedError

    def _recorded(self, context: Context) -> Any:
        """Do the work with a row in `ops.run` that says how it ended; the newest try counts."""
        from include.pipeline import run_ledger
        from include.warehouse.schema.revision import require_current

        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        try:
            done = self.perform(context)
        except BaseException as error:
            run_ledger.note_run(engine, run_id, note=run_ledger.brief(error))
            state = "partial" if isinstance(error, PartlyFailedError) else "failed"
            run_ledger.finish_run(engine, run_id, state)
            raise
        run_ledger.finish_run(engine, run_id, "success")
        return done

    def engine(self) -> sa.Engine:
        from include.warehouse.schema.engine import warehouse_engine, warehouse_url

        return warehouse_engine(warehouse_url(BaseHook.get_connection(self.warehouse_conn_id)))


class ImmPortOperator(WarehouseOperator):
    """What the operators share that move answers: where the landing zone is, too.

    :param landing: root of the landing zone, a folder or an object storage URL.
    """

    template_fields: Sequence[str] = (*WarehouseOperator.template_fields, "landing")

    def __init__(self, *, landing: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.landing = landing

    def landing_zone(self) -> Landing:
        from include.landing.zone import Landing

        return Landing(self.landing)
