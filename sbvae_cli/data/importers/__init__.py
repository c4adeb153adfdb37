"""Import public datasets, folders and archives of images, and tables of factors."""
