"""A person's rights: what is held about them, their going, and what must not come back."""
