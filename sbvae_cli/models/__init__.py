"""Networks and likelihoods."""
