"""The operator that has a person decide whether a package is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.exceptions import HITLTriggerEventError
from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.submission.base import SubmittingOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

#: How long a person has.
LONGEST_WAIT = timedelta(hours=24)


class ImmPortApproveSubmissionOperator(SubmittingOperator, ApprovalOperator):
    """Ask a person whether a package that ImmPort has validated is stored, and record who decided.

    The question stands among Airflow's required actions. It is not put for what is stored already, or on
    its way. `Reject` skips the tasks that follow; no answer in time fails the task.

    :param response_timeout: how long a person has, 24 hours by default.
    """

    template_fields: Sequence[str] = SubmittingOperator.template_fields

    def __init__(self, *, response_timeout: timedelta = LONGEST_WAIT, **kwargs: Any) -> None:
        super().__init__(subject="Store a package at ImmPort?", response_timeout=response_timeout, **kwargs)
        #: The run has that time, too.
        self.longest_wait = response_timeout

    def perform(self, context: Context) -> Any:
        from immport_provider.page_links import OperationsPage, absolute, page_path
        from include.pipeline.submissions import ledger
        from include.pipeline.submissions.question import question

        engine = self.engine()
        submission = self.of_submission(engine)
        if submission.state in (ledger.APPROVED, ledger.STORING, ledger.STORED, ledger.REJECTED):
            self.log.info("%s is %s: the question is not put again", submission.package, submission.state)
            return None
        what = "Store" if submission.service.is_of_templates else "Apply the changes of"
        self.subject = f"{what} {submission.package} at ImmPort?"
        page = page_path(OperationsPage.SUBMISSION_CHANGES, submission=submission.submission_id)
        self.body = question(engine, submission, absolute(page))
        return ApprovalOperator.execute(self, context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Record what a person decided, then let Airflow skip what follows a no.

        :raises AirflowFailException: no person has, in time.
        :raises DownstreamTasksSkipped: the answer is no.
        """
        from include.pipeline.submissions import ledger

        try:
            chosen = HITLOperator.execute_complete(self, context, event)
        except HITLTriggerEventError as error:
            raise AirflowFailException(f"not stored: {event.get('error', error)}") from error
        is_approved = self.APPROVE in chosen["chosen_options"]
        user = chosen.get("responded_by_user") or {}
        engine = self.engine()
        ledger.set_state(
            engine,
            self.of_submission(engine).submission_id,
            ledger.APPROVED if is_approved else ledger.DECLINED,
            str(user.get("name") or user.get("id") or "somebody"),
        )
        # Only now: for a no, it ends by raising.
        ApprovalOperator.execute_complete(self, context, event)
        return chosen["chosen_options"]
