"""Results of evaluations and logs to pictures: one call a figure."""
