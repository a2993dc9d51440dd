"""What the demo's services share: HTTP, metrics, the broker's client and the consumer's loop. Standard library only."""
