"""The dashboard's screens: each shows a source through widgets, and owns nothing that must outlive it."""
