"""The tests: each says one thing the product does, on real components."""
