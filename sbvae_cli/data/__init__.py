"""Factors in, images out: spaces, renderers, files, sources and minibatches."""
