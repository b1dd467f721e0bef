"""`mailbot init`: a few answers in plain French become a configuration. `providers` and `discover` find the servers, `writing` writes."""
