"""The WebDAV door: translation between HTTP and the library, and nothing else."""
