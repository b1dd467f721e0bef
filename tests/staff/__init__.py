"""What colleagues write to the desk from their ordinary mail clients, and what each of those mails must cause."""
