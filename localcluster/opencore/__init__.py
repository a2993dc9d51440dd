"""The scene of examples/opencore: four services on real Kafka, Postgres and Redis, on the local cluster's node, and what breaks them."""
