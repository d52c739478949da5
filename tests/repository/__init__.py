"""Rules about the project, as tests."""
