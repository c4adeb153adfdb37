"""Networks and pixel likelihoods of VAEs."""
