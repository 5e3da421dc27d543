"""What becomes of verdicts: files, tables, gates, lists of known deviations."""
