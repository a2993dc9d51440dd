"""The analysis of a release: what to ask about every contract, what the answers amount to, and what broke (core/diagnosis)."""
