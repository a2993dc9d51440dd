"""For every test: what a second chance costs, where a run gives any, and no test that fails because the machine is slow."""

from hypothesis import HealthCheck, settings

from tests.second_chances import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

# Two cores and a control plane beside them: how long it takes to make an example says nothing of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
