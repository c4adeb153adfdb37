"""Factors, renderers, files and minibatches."""
