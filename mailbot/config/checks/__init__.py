"""What is wrong with settings that each look right: contradictions, addresses of nobody, dates that never end."""

from mailbot.config.checks import dates, disk, look, people, post, words
from mailbot.config.checks.registry import contradictions

__all__ = ["contradictions", "dates", "disk", "look", "people", "post", "words"]
