"""Many runs from one plan: a grid of settings, trained and scored by an engine."""
