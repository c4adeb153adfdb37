"""The paper's figures and tables as recipes, what it says with them, and what came out here."""
