"""Write one HTML file in which a latent space can be explored interactively."""
