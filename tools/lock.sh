#!/bin/sh
# Writes requirements.txt, every package with its hashes, from pyproject.toml: one file for Python 3.11 to 3.13.
# Needs uv (pip install uv). Packages already in the file keep their version; `tools/lock.sh --upgrade` looks for newer.
set -eu
cd "$(dirname "$0")/.."
uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --quiet --output-file requirements.txt "$@"
