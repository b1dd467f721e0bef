"""Whatever a stranger sends: one function a parser, which must hold for any bytes; for Hypothesis in every run, for atheris at length."""
