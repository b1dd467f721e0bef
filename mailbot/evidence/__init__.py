"""`mailbot evidence`: one complaint, or those of a period, in a zip that an auditor reads offline; nothing in it is a script."""
