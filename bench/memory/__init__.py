"""How much memory the operator takes."""
