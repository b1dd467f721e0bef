"""A person's rights: export what is held about them, pseudonymise them everywhere, and let files go at their age (spec §9).

`erasing` walks an erasure from the register to the mailbox and the database file; `copies` knows where else mails lie.
"""
