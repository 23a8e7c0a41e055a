"""The operators that only files of changes need, for ImmPort's batch updater."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from immport_provider.operators.submission.base import SubmittingOperator
from immport_provider.operators.submission.parameters import ChangesParameters
from immport_provider.operators.submission.steps import CheckingOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from immport_provider.hooks.submission.upload import ImmPortUploadHook
    from include.pipeline.submissions.ledger import CheckedPackage
    from include.submission.service.answers import Workspace
    from include.submission.validate import Validation

_SERVICE = "batch_updater"


class ImmPortCheckChangesOperator(CheckingOperator):
    """Check files of changes for the batch updater and record them. Returns the number of the submission.

    :param package: file of changes, or folder or zip file of such files.
    :param notes: notes that are sent with them.
    """

    def __init__(self, *, service: str = _SERVICE, **kwargs: Any) -> None:
        super().__init__(service=service, **kwargs)

    def check(self, hook: ImmPortUploadHook, workspace: Workspace) -> tuple[CheckedPackage, Validation]:
        from include.pipeline.submissions.check import SubmissionOrder, check_changes

        parameters = ChangesParameters.of(self)
        order = SubmissionOrder(parameters.package, parameters.notes)
        return check_changes(order, self.of_service(), workspace)


class ImmPortCompareChangesOperator(SubmittingOperator):
    """Compare files of changes with the star as of its newest release, for the person who decides.

    Returns the counts in words. What was shown to a person who has decided stays.
    """

    def __init__(self, *, service: str = _SERVICE, **kwargs: Any) -> None:
        super().__init__(service=service, **kwargs)

    def perform(self, context: Context) -> str | None:
        from include.pipeline.submissions.check import as_checked
        from include.pipeline.submissions.compare import compare

        engine = self.engine()
        submission = self.of_submission(engine)
        with as_checked(submission) as place:
            found = compare(engine, submission, place)
        if found is None:
            self.log.info("%s is %s: nothing is compared any more", submission.package, submission.state)
            return None
        text = f"against the star as of {found.release}: {found.in_words()}"
        self.log.info("%s", text)
        return text
