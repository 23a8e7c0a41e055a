"""The operators of the DAGs that send data. The work is in `include.pipeline.submissions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.base import keep_summary, run_key
from immport_provider.operators.submission.base import SubmissionOperator, SubmittingOperator
from immport_provider.operators.submission.parameters import CheckParameters, SendParameters

if TYPE_CHECKING:
    from airflow.sdk import Context

    from immport_provider.hooks.submission.upload import ImmPortUploadHook
    from include.pipeline.submissions.ledger import CheckedPackage
    from include.submission.service.answers import Workspace
    from include.submission.validate import Validation

#: How many findings the log has; the operations page has all.
_LOGGED = 100
#: What a person can do about each state in which a submission may be when its run ends.
_ENDS = {
    "refused": "correct the package and start again",
    "invalid": "correct what ImmPort's report names and start again",
    "valid": "no person answered in time: start again with the same package, and the question is put anew",
    "rejected": "read ImmPort's report; start again with repeat once its cause is gone",
}


class CheckingOperator(SubmissionOperator):
    """What the operators share that check what is to be sent and record it. They return the number of the
    submission.

    :param package: folder, zip file or single file.
    :param notes: notes that are sent with it.
    """

    template_fields: Sequence[str] = (*SubmissionOperator.template_fields, "package", "notes")

    def __init__(self, *, package: str, notes: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package = package
        self.notes = notes

    def check(self, hook: ImmPortUploadHook, workspace: Workspace) -> tuple[CheckedPackage, Validation]:
        """Check it, without sending anything.

        :raises PackageError: there is nothing to check.
        """
        raise NotImplementedError

    def perform(self, context: Context) -> int:
        from include.pipeline import run_ledger
        from include.pipeline.submissions import ledger
        from include.pipeline.submissions.check import in_words
        from include.pipeline.submissions.errors import PackageRefusedError
        from include.warehouse.schema.revision import require_current

        engine = self.engine()
        require_current(engine)
        run_ledger.start_run(engine, run_key(context))
        with self.hook(context, engine) as hook:
            checked, validation = self.check(hook, hook.workspace(self.of_service()))
        found = ledger.register(engine, run_key(context), checked, validation.findings)
        for finding in validation.findings[:_LOGGED]:
            where = f"{finding.file} line {finding.line}"
            self.log.info("%s: %s, %s: %s", finding.severity, where, finding.column, finding.message)
        text = in_words(validation)
        run_ledger.note_run(engine, run_key(context), note=text)
        if validation.errors:
            raise PackageRefusedError(text)
        self.log.info("submission %d, %s: %s", found.submission_id, found.package, text)
        return found.submission_id


class ImmPortCheckPackageOperator(CheckingOperator):
    """Check a package by the templates and record it. Returns the number of the submission.

    :param package: folder, zip file or template.
    :param notes: notes that are sent with it.
    :param is_offline: its files come to ImmPort on another way; only a ticket is requested.
    :param known: file with identifiers that the workspace has, as `make validate` takes it.
    """

    template_fields: Sequence[str] = (*CheckingOperator.template_fields, "is_offline", "known")

    def __init__(self, *, is_offline: bool | str = False, known: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_offline = is_offline
        self.known = known

    def check(self, hook: ImmPortUploadHook, workspace: Workspace) -> tuple[CheckedPackage, Validation]:
        from include.pipeline.submissions.check import SubmissionOrder, check_package
        from include.submission.checks.records import KnownIds, read_known_ids

        parameters = CheckParameters.of(self)
        known = read_known_ids(parameters.known) if parameters.known else KnownIds()
        order = SubmissionOrder(parameters.package, parameters.notes, parameters.is_offline)
        with self.declarations(hook) as declarations:
            return check_package(order, declarations, known, self.of_service(), workspace)


class ImmPortSendPackageOperator(SubmittingOperator):
    """Have a ticket for a submission: the one it has, or a new one. Returns its number.

    What is to be stored is sent only once ImmPort has validated it and a person has allowed it. Nothing is
    sent twice: see `include.pipeline.submissions.send`.

    :param is_stored: it is to be stored; else validated.
    :param ticket: of an answer that was lost: the number of the ticket, or `none`.
    :param repeat: send what ImmPort has refused once more.
    """

    template_fields: Sequence[str] = (*SubmittingOperator.template_fields, "ticket", "repeat")

    def __init__(
        self,
        *,
        is_stored: bool = False,
        ticket: str | None = None,
        repeat: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.is_stored = is_stored
        self.ticket = ticket
        self.repeat = repeat

    def perform(self, context: Context) -> str | None:
        from contextlib import contextmanager

        from include.pipeline.submissions.check import as_checked
        from include.pipeline.submissions.send import Sending, send

        parameters = SendParameters.of(self)
        engine, service = self.engine(), self.of_service()
        submission = self.of_submission(engine)
        if submission.is_offline and not self.is_stored:
            self.log.info("%s comes on another way: only the check here validates it", submission.package)
            return None
        purpose = service.store_purpose if self.is_stored else service.validate_purpose
        with self.hook(context, engine) as hook:

            @contextmanager
            def assembled() -> Any:
                if not service.is_of_templates:
                    with as_checked(submission) as path:
                        yield path
                    return
                with self.declarations(hook) as (templates, _), as_checked(submission, templates) as path:
                    yield path

            sending = Sending(engine, hook, run_key(context), parameters.ticket, parameters.repeat)
            return send(sending, submission, purpose, assembled).number


class ImmPortFinishSubmissionOperator(SubmittingOperator):
    """Close the record of the run. Returns the state of the submission."""

    ends_run = True

    def perform(self, context: Context) -> str | None:
        from include.pipeline import run_ledger
        from include.pipeline.submissions import ledger

        engine, run_id = self.engine(), run_key(context)
        if not self.submission:
            text = "the package was not checked; the log of the task check says why"
            run_ledger.finish_run(engine, run_id, "failed")
            raise AirflowFailException(text)
        found = self.of_submission(engine)
        is_done = found.state in (ledger.STORED, ledger.DECLINED)
        text = f"{found.package} is {found.state}"
        if not is_done:
            text += (
                f": {_ENDS.get(found.state, 'the failed task says why; start again, nothing is sent twice')}"
            )
        run_ledger.note_run(engine, run_id, note=text)
        run_ledger.finish_run(engine, run_id, "success" if is_done else "failed")
        keep_summary(context, text)
        if not is_done:
            raise AirflowFailException(text)
        return found.state
