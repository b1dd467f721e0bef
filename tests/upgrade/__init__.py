"""The register of the first version, and what an upgrade makes of it."""
