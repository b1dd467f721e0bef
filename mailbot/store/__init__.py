"""The register: tables, one transaction a decision, the named questions, the journal."""
