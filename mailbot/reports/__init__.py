"""For people: what is drawn from the register for someone to read."""
