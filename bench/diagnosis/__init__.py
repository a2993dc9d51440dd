"""How often the diagnosis names what broke, and never something else, in simulated worlds whose truth is known."""
