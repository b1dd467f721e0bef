"""The demo: the real daemon against mail servers of its own, with a story played to it."""
