"""Many releases at once while the operator is killed again and again; what pods were created, and when, is judged from a watch alone."""
