"""A model and a source to arrays."""
