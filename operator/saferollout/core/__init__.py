"""Pure decisions: contracts, planner, rollback, gates, decide. No I/O, no clock, no randomness, no logging."""
