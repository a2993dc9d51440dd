"""A Prometheus that has scraped a simulated release: it answers the questions of the analysis, in the process or over HTTP."""
