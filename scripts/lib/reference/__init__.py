"""The pages under docs/reference, generated from the code that they describe."""
