"""Every letter as its readers see it: drawn by a real browser, measured, listened to, compared with what was approved."""
