"""Real components, started on free loopback ports in folders of their own and ended with the session."""
