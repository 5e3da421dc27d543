"""Sources, compiled and run."""
