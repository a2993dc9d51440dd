"""SafeRollout releases several Kubernetes workloads together, in an order proved from the contracts they share."""
