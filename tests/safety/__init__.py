"""What davgallery must never do, tried on a running ``davgallery serve`` with real stores and databases."""
