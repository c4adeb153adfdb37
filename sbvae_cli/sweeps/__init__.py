"""Sweeps: many runs from one grid of settings, trained and scored by an engine."""
