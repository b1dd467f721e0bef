"""`mailbot import`: the register that was kept before, and old mails, taken in once, answered to nobody."""
