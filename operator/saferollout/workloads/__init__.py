"""One module a kind of workload: reads raw objects into views, turns actions into guarded writes."""
