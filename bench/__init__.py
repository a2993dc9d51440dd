"""Measures the numbers that SafeRollout promises, and prints them as a table: `python -m bench --help`."""
