"""Migrations of the register, one file a schema."""
