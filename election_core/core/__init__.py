"""The pure core: what is decided, without event loop, clock, I/O or logging. Any other part may import it."""
