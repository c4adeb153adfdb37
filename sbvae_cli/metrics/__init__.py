"""Compute scores of arrays; imports no PyTorch."""
