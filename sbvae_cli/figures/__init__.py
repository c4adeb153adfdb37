"""Results of evaluations to pictures: one call a figure."""
