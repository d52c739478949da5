"""Measurements of the gateway beside ``rclone serve webdav``, over one MinIO: ``python -m tests.bench all``.

Both sides do the same work in turn, round after round, in one run. Ratios can be compared between machines and days,
figures cannot. Nothing here is a test: what a figure has to be stands in the documents, not in the code.
"""
