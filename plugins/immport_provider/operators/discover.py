"""The operator that decides what a run does. The work is in `include.pipeline.discover`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import ImmPortOperator, run_key
from immport_provider.operators.parameters import DiscoverParameters
from immport_provider.telemetry import report_calls

if TYPE_CHECKING:
    import sqlalchemy as sa
    from airflow.sdk import Context

    from immport_provider.hooks.immport import ImmPortHook
    from include.pipeline.load_policy import LoadPolicy
    from include.pipeline.work_decisions import Restricted, WorkDecision
    from include.pipeline.work_list import LoadBatch
    from include.warehouse.load.fence import Attempt


#: Rows that are worth a task of their own for each step: a minute of a processor, of which the start of four
#: tasks is a twentieth. Tasks at most, far below Airflow's 1024 mapped tasks, and at least.
ROWS_PER_TASK, MOST_TASKS, LEAST_TASKS = 1_000_000, 400, 4


class ImmPortDiscoverOperator(ImmPortOperator):
    """Request ImmPort's listing of studies and write the work list of the run.

    Returns batches, `{"load_ids": [7, 8], "studies": ["SDY1", "SDY2"]}`, one for each mapped task; pushes
    `withdrawals`, a list of load numbers, and `decisions`, the number of studies per action.

    :param studies: only these accessions; all when empty.
    :param force: load studies that did not change, too.
    :param approve_withdrawals: withdraw however many studies are gone from the listing.
    :param approve_releases: load releases whose number or date lies far ahead.
    :param retract_after: newest release that is real: what was loaded at later ones is removed first.
    :param max_withdrawn_share: share of the current studies that may be withdrawn without approval.
    :param check_files: look at the release files of every study, whatever the listing says.
    :param replay: load what was landed before, without asking ImmPort.
    :param replay_until: newest release to replay; all when empty.
    """

    template_fields: Sequence[str] = (
        *ImmPortOperator.template_fields,
        "immport_conn_id",
        "studies",
        "force",
        "approve_withdrawals",
        "approve_releases",
        "retract_after",
        "max_withdrawn_share",
        "check_files",
        "replay",
        "replay_until",
    )

    def __init__(
        self,
        *,
        immport_conn_id: str = "immport_default",
        studies: list[str] | str = "",
        force: bool | str = False,
        approve_withdrawals: bool | str = False,
        approve_releases: bool | str = False,
        retract_after: str | None = None,
        max_withdrawn_share: float | str = 0.1,
        check_files: bool | str = False,
        replay: bool | str = False,
        replay_until: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id
        self.studies = studies
        self.force = force
        self.approve_withdrawals = approve_withdrawals
        self.approve_releases = approve_releases
        self.retract_after = retract_after
        self.max_withdrawn_share = max_withdrawn_share
        self.check_files = check_files
        self.replay = replay
        self.replay_until = replay_until

    def perform(self, context: Context) -> list[LoadBatch]:
        from include.pipeline import discover, run_ledger, work_list
        from include.pipeline.load_policy import LoadPolicy
        from include.pipeline.work_decisions import Action
        from include.warehouse.load.fence import Attempt
        from include.warehouse.load.staging_cleanup import drop_leftovers
        from include.warehouse.schema.revision import require_current

        parameters = DiscoverParameters.of(self)
        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        attempt = Attempt.begin(engine, run_id, "discover")
        with engine.begin() as connection:
            drop_leftovers(connection)
        policy = LoadPolicy(
            studies=frozenset(parameters.studies),
            force=parameters.force,
            approve_withdrawals=parameters.approve_withdrawals,
            approve_releases=parameters.approve_releases,
            max_withdrawn_share=parameters.max_withdrawn_share,
        )
        retracted = None
        if last := parameters.retract_after:
            retracted = discover.retract_after(engine, attempt, last, policy)
            self.log.warning("%s", retracted or f"the warehouse holds nothing of a release after {last}")
        if parameters.replay:
            zone = self.landing_zone()
            decisions = discover.from_landing(
                engine, attempt, zone, policy, parameters.replay_until, [retracted]
            )
        else:
            decisions = self._from_source(
                engine, attempt, policy, retracted, check_files=parameters.check_files
            )
        for item in decisions:
            self.log.info("%s %s: %s, %s", item.scope, item.release, item.action.value, item.reason)
        batches, withdrawals = work_list.work_of(engine, run_id, ROWS_PER_TASK, MOST_TASKS, LEAST_TASKS)
        made = {action.value: sum(item.action is action for item in decisions) for action in Action}
        context["ti"].xcom_push(key="withdrawals", value=withdrawals)
        context["ti"].xcom_push(key="decisions", value=made)
        return batches

    def _from_source(
        self,
        engine: sa.Engine,
        attempt: Attempt,
        policy: LoadPolicy,
        retracted: str | None,
        *,
        check_files: bool,
    ) -> list[WorkDecision]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline import discover, run_ledger
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.circuit_breaker import watched
        from include.pipeline.release_file_changes import ReleaseFileProbe
        from include.sources.immport.source import IMMPORT

        caller = Caller(attempt.run_id, "discover", IMMPORT.name)
        with ImmPortHook(self.immport_conn_id) as immport, recorded(engine, immport, caller, report_calls):
            notice = immport.expiry_notice()
            run_ledger.note_run(engine, attempt.run_id, key_expires_at=immport.expires_at)
            # The first call of a run finds out whether the service is there.
            with watched(engine, immport, always=True):
                listing = immport.studies()
            restricted = self._restricted(immport)
            notes = filter(None, [retracted, notice, restricted.unknown, listing.note])
            run_ledger.note_run(engine, attempt.run_id, note="; ".join(notes) or None)
            probe = ReleaseFileProbe(immport.release_files, immport.settings.calls_in_flight, check_files)
            return discover.from_listing(engine, attempt, listing, policy, restricted, probe)

    def _restricted(self, immport: ImmPortHook) -> Restricted:
        """The restricted studies; a run goes on without them.

        An entry that is not readable may mean any study: those named are restricted, of the others it is
        not known.
        """
        from include.pipeline.work_decisions import Restricted
        from include.sources.errors import ImmPortError

        try:
            found = immport.restricted_studies()
            unknown = found.unreadable and f"the list of restricted studies: {found.unreadable}"
            restricted = Restricted(found.studies, unknown)
        except ImmPortError as error:
            restricted = Restricted(unknown=str(error))
        if restricted.unknown:
            self.log.warning("which studies are restricted is not known: %s", restricted.unknown)
        return restricted
