"""Whole stories played against real servers, and the generator of the mails they are made of."""
