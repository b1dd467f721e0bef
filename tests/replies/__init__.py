"""Labelled replies of every common mail program: what the person wrote now, as somebody who had not seen the cutter labelled it.

`FOLDER/ID.eml` and `FOLDER/ID.json`: new, signature, quotes_notice, unsure, why. All texts are invented.
"""
