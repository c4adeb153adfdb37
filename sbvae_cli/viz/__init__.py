"""Draw arrays as pictures with Pillow; imports neither PyTorch nor scikit-learn."""
