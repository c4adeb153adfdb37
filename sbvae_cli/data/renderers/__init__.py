"""Factors in, images out: one file a dataset, vectorised."""
