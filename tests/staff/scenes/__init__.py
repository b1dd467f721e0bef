"""Stories in which everybody speaks by mail alone; after each step every mailbox is looked into, and nothing else lies there."""
