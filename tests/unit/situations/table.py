"""The table of docs/situations.md beside its tests.

A test that proves a row carries `@situation(row)` with the row's first cell. What is proved by tests that stand elsewhere, because the API
server, the command line or lint gives the promise, is named in ELSEWHERE; what a row leaves to a later issue, in LATER.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

ROOT: Final = Path(__file__).parents[3]
Test = TypeVar("Test", bound=Callable[..., Any])

HOLD: Final = "tests/cluster/test_hold.py"
POLICIES: Final = "tests/cluster/test_policies.py"
HELM: Final = "tests/helm"

ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    "`kubectl rollout restart`, a reloader's change": (
        f"{HOLD}::test_a_restart_is_held_for_an_instant_and_let_through_by_the_operator",
        f"{HOLD}::test_resume_is_refused_with_the_reason_and_the_way_out",
        "tests/unit/workloads/test_deployment_view.py::test_a_restart_is_the_same_revision_and_says_when",
        "tests/cluster/test_rollback_mechanics.py::test_a_restart_while_something_is_held_replaces_what_runs",
    ),
    "new checksum annotation, env or ConfigMap name in the template": (
        "tests/unit/workloads/test_deployment_view.py::test_any_other_annotation_is_another_revision",
    ),
    "a template that a mutating webhook rewrites, or a PUT without defaulted fields": (f"{HOLD}::test_a_put_without_defaulted_fields_is_no_change",),
    "autoscaler scales mid-batch": (
        "tests/cluster/test_pacing.py::test_a_paced_deployment_follows_an_autoscaler_with_the_same_share",
        f"{HOLD}::test_an_autoscaler_on_a_held_workload_scales_what_runs",
    ),
    "scaled to 0 and back (KEDA) while something is held or failed": (
        f"{HOLD}::test_scaled_to_zero_and_back_while_held_brings_back_what_ran",
        "tests/cluster/test_operator_ordinary_days.py::test_an_earlier_template_that_is_held_does_not_start_when_scaled_to_zero_and_back",
        "tests/cluster/test_rollback_mechanics.py::test_a_failed_replica_set_left_behind_would_come_back_from_zero",
        "tests/cluster/test_statefulsets.py::test_a_held_template_starts_no_pod_when_scaled_to_nothing_and_back",
        "tests/cluster/test_statefulsets_under_kill.py::test_while_it_is_down_a_held_template_does_not_start_by_way_of_no_pods",
    ),
    "scaled to 0 and back in the middle of its batches": (
        "tests/property/test_interrupted_batches.py::test_what_ran_comes_back_first_when_a_workload_was_put_to_sleep_in_a_batch",
        "tests/cluster/test_operator_ordinary_days.py::test_scaled_to_zero_in_the_middle_of_a_batch_brings_back_what_ran_and_goes_on_from_there",
    ),
    "a first producer or consumer (new Deployment, label in Git)": (
        f"{HOLD}::test_a_created_workload_that_carries_the_label_has_no_replica_set",
        "tests/unit/core/test_lint.py::test_a_workload_without_the_label_starts_unheld",
    ),
    "a first StatefulSet": (
        "tests/cluster/test_statefulsets.py::test_a_new_statefulset_starts_at_once_and_whoever_applies_or_looks_is_told",
        "tests/unit/core/test_lint.py::test_a_statefulset_is_released_and_lint_says_that_a_new_one_starts_at_once",
    ),
    "a pod of a StatefulSet's new template breaks": (
        "tests/cluster/test_statefulsets.py::test_a_template_that_never_gets_ready_goes_back_pod_by_pod_and_stays_held",
        "tests/cluster/test_statefulsets.py::test_a_broken_pod_does_not_keep_a_pinned_template_from_coming_back",
        "tests/cluster/test_statefulsets.py::test_a_fix_gets_past_the_broken_pod_of_the_template_that_it_supersedes",
    ),
    "a service renamed (new created, old pruned in one sync)": ("tests/unit/cli/test_lint.py::test_a_service_renamed_in_one_commit_is_warned_of",),
    "SafeRollout missing, or its name mistyped in the label": (
        "tests/unit/engine/test_orphans.py::test_a_held_workload_learns_which_safe_rollout_is_missing_and_the_way_out_once",
        "tests/cluster/test_operator_rights.py::test_a_held_workload_without_its_safe_rollout_is_told_so",
        f"{HOLD}::test_a_mistyped_name_can_be_corrected_while_held",
    ),
    "two SafeRollouts name one workload": (
        "tests/unit/engine/test_scenes.py::test_a_workload_of_another_safe_rollout_is_left_to_it",
        "tests/unit/core/test_lint.py::test_two_saferollouts_must_not_name_one_workload",
    ),
    "a topic shared with another namespace or team": (
        "tests/unit/core/test_world.py::test_an_external_reader_is_a_party_with_one_fixed_revision",
        "tests/unit/core/test_decide_elsewhere.py::test_a_writer_waits_until_the_live_pods_of_another_namespace_read_its_new_version",
        "tests/cluster/test_elsewhere.py::test_a_writer_waits_for_the_live_readers_of_another_namespace_and_only_with_its_leave",
    ),
    "CronJob or Job writes a contract": (
        "tests/unit/core/test_lint.py::test_a_job_that_writes_a_contract_should_be_an_external_writer",
        "tests/unit/core/test_lint.py::test_a_job_that_is_an_external_writer_is_fine",
    ),
    "hotfix for the workload that is rolling": (
        "tests/cluster/test_pacing.py::test_a_superseding_template_is_paced_exactly_over_a_half_rolled_one",
    ),
    "Git reverted two releases back": (
        "tests/unit/core/test_words.py::test_under_words_a_return_to_an_earlier_template_asks_a_person",
        "tests/unit/core/test_decide_reverting.py::test_a_reader_that_is_reverted_after_its_release_waits_for_a_person",
        "tests/unit/core/test_decide_reverting.py::test_a_reader_that_goes_back_further_than_its_writer_never_runs_beside_it_unasked",
        "tests/unit/core/test_decide_reverting.py::test_without_retention_the_one_question_is_about_the_reader_too",
    ),
    "a whole release of an unnumbered contract reverted in one sync": (
        "tests/unit/core/test_decide_reverting.py::test_a_release_that_is_reverted_as_a_whole_waits_for_its_drain_and_for_a_person",
        "tests/unit/core/test_decide_reverting.py::test_a_release_that_is_reverted_as_a_whole_takes_its_writer_back_before_its_reader",
    ),
    "Git reverted during or after a failed release": (
        "tests/unit/core/test_decide_reverting.py::test_a_reader_that_is_reverted_while_it_rolls_itself_goes_back_at_once",
        "tests/unit/core/test_decide_reverting.py::test_what_failed_and_went_back_is_reverted_at_once",
    ),
    "day one: nothing declared anywhere": (
        "tests/unit/core/test_decide.py::test_the_first_commits_that_only_add_annotations_go_through_described_backwards_to_what_runs",
        "tests/cluster/test_operator_release.py::test_the_first_commits_that_only_add_annotations_go_through",
        "tests/unit/core/test_words.py::test_an_annotation_that_is_only_added_changes_nothing_under_any_word",
    ),
    "Friday night emergency": (
        f"{HOLD}::test_a_bypass_needs_the_verb",
        f"{HOLD}::test_a_bypass_by_somebody_with_the_verb_works_without_the_operator",
    ),
    "Prometheus' clock, or the operator's, is wrong": (
        "tests/unit/shell/test_prometheus.py::test_clocks_that_are_apart_are_named_and_asked_again_later",
        "tests/unit/core/test_measuring.py::test_where_even_the_youngest_sample_is_old_the_clocks_are_named",
    ),
    "Prometheus comes back without its history": (
        "tests/cluster/test_counting.py::test_a_prometheus_that_lost_its_history_makes_no_window_and_no_flood",
        "tests/unit/core/test_counting.py::test_a_look_without_a_full_answer_makes_one_longer_interval",
    ),
    "two exporters report the same thing": (
        "tests/unit/core/test_discovery.py::test_the_preferred_of_two_exporters_is_chosen_and_the_other_named",
        "tests/cluster/test_signals.py::test_exporters_are_found_chosen_and_left_out",
    ),
    "series without the pod's label or another that is needed, histograms without buckets": (
        "tests/unit/core/test_discovery.py::test_what_is_missing_is_said_with_what_is_there_instead",
    ),
    "Prometheus restarts mid-release": (
        "tests/cluster/test_prometheus.py::test_a_restart_of_prometheus_is_inconclusive_and_then_goes_on_with_the_same_past",
    ),
    "`helm upgrade --wait`": (
        f"{HELM}/test_users_chart.py::test_waiting_ends_when_everything_runs_and_not_before",
        f"{HELM}/test_users_chart.py::test_a_refused_release_stays_held_whatever_is_applied_again",
        f"{HELM}/test_users_chart.py::test_a_safe_rollout_outside_the_chart_is_not_waited_for",
        f"{HELM}/test_without_the_operator.py::test_what_comes_while_it_is_down_is_held_and_who_waits_is_told_so",
    ),
    "`helm rollback`": (f"{HELM}/test_users_chart.py::test_helm_takes_a_refused_release_back_by_itself_where_it_was_told_to",),
    "our chart is upgraded in the middle of a release": (
        f"{HELM}/test_own_chart.py::test_an_upgrade_in_the_middle_of_a_release_skips_nothing_and_repeats_nothing",
    ),
    "a server-side apply of fields that are being paced": (
        f"{POLICIES}::test_forced_server_side_apply_keeps_the_pace_and_unforced_conflicts",
        f"{POLICIES}::test_a_put_without_our_labels_and_annotations_keeps_the_pace",
        "tests/unit/workloads/test_deployment_writes.py::test_what_was_borrowed_comes_back_by_value_and_unset_fields_unset",
    ),
    "SafeRollout deleted, operator uninstalled": (
        "tests/cluster/test_give_back.py::test_in_the_middle_of_a_roll_fields_return_by_value_pods_stay_and_nothing_is_released",
        "tests/cluster/test_operator_rights.py::test_uninstalling_gives_everything_back_and_starts_nothing",
    ),
    "20 services, three batches each": ("tests/unit/cli/test_estimate.py",),
}

LATER: Final[dict[str, str]] = {
    "database migration": "hooks and Jobs around a migration come with the integrations (issue 5)",
    "Kafka or Postgres restarts, a node dies mid-release": "naming the broker or the database as the cause comes with the diagnosis (issue 6)",
}


def situation(row: str) -> Callable[[Test], Test]:
    """Mark the test that proves a row of the table; `row` is its first cell."""

    def remember(test: Test) -> Test:
        vars(test)["situation"] = row
        return test

    return remember


def rows() -> tuple[str, ...]:
    """Return the first cells of the table, in its order."""
    lines = (ROOT / "docs" / "situations.md").read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    return tuple(cells[2:])
