"""`saferollout check`: what is read, and what is said of it."""
