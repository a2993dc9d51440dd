"""SafeRollout releases several Kubernetes workloads together, in an order proved from the contracts they share."""

# An image may hold the source without an installed package, so this is not read from package metadata.
__version__ = "0.1.0"
