"""Pure functions of model, batch and noise to loss terms."""
