"""mailbot: a complaints desk that lives in an inbox (see ARCHITECTURE.md)."""

__version__ = "0.1.0"
