"""The contestants: each a process that obeys one JSON request a line and takes its own times."""
