"""The demo: a scene of four services on a real cluster, and three stories that are told and checked at once."""
