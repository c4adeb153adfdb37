"""Objectives: pure functions from model, minibatch and noise to loss terms."""
