"""Public data sets, folders and archives of images, and tables of factors."""
