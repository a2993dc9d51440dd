"""A control plane with the chart's policies, operators as processes, and a record of every pod, for the benches that need them."""
