"""The program killed at chosen and at random moments, started again, and audited from outside."""
