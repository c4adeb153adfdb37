"""Codes, scores, geometry and traversals of models, and scores of user-supplied codes."""
