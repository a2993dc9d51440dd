"""The parts of `saferollout signals`: ask, tell."""
