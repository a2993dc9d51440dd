"""Shapes at the edge: pydantic models of the custom resource, the annotation grammar, names; no logic."""
