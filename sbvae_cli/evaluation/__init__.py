"""All scores of a model on data, or of codes from elsewhere, in one report."""
