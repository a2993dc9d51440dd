"""Everything that touches the world: the API server, Prometheus, kopf, metrics, logs, wiring."""
