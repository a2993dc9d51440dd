"""The loop around the decisions: store, keyed queue, reconciler, resync, lease. asyncio, but no kopf and no HTTP."""
