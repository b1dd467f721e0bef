"""`mailbot rehearse`: dated mails through the real desk, on a virtual clock and without a network, to see every letter beforehand."""
