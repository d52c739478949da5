"""The gallery: pages and the scripts that run in them."""
