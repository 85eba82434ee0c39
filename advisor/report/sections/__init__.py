"""The sections of a report: each function takes a View and gives blocks, or none."""
