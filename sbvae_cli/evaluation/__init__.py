"""A model's codes, scores, geometry and traversals, and scores of codes from elsewhere."""
