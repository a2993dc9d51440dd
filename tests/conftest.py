"""For every test: what a second chance costs, where a run gives any."""

from tests.second_chances import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]
