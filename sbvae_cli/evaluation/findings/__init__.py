"""What numbers say of codes: findings as data, and one table that words them."""
