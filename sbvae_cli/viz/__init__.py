"""Arrays to Pillow images; knows neither torch nor scikit-learn."""
