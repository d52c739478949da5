"""From a blob to what a gallery shows of it: metadata and renditions."""
