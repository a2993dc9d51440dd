"""The command line: offline planning and checks, and what a person says to a running release."""
