"""The domain layer: framework-free, and the only way to change anything."""
