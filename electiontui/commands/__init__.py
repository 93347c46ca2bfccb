"""What the subcommands do, without screens. Exit codes are part of the interface."""

__all__ = ["CANNOT_CONNECT", "ERROR", "INTERRUPTED", "INVALID_INPUT", "OK"]

OK = 0
ERROR = 1
CANNOT_CONNECT = 2
INVALID_INPUT = 3
INTERRUPTED = 130
"""ctrl+c in a command that was meant to end by itself."""
