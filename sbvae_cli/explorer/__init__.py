"""One HTML file in which a latent space is looked into by hand."""
