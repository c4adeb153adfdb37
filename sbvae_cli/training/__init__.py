"""Updates and the loop around them."""
