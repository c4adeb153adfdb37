"""Draw results of evaluations as pictures, with one function for each figure."""
