"""Real clients, and recordings of those that cannot run here, against a running davgallery."""
