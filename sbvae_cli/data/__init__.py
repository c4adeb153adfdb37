"""Factors, renderers, files, imports and minibatches."""
