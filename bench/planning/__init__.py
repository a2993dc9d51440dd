"""How long a plan takes, and how that grows with the size of the release."""
