"""Training: updates of several replicas and the loop around them."""
