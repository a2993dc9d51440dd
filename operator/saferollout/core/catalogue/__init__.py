"""The signal catalogue: which series tell what, which of them are there, and what it costs where one is missing."""
