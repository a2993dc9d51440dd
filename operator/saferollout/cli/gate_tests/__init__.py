"""Unit tests of gates, offline: a file says what Prometheus answers over time, and the operator's own code says what comes of it."""
