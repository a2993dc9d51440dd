"""A real Kubernetes on this machine without Docker: `python3 -m localcluster --help`."""
