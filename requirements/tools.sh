#!/usr/bin/env bash
# Puts uv into .tools/. A stock Debian refuses `pip install` outside an environment, so it gets one of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "Python's venv module is missing. On Debian or Ubuntu:  sudo apt-get install -y python3-venv" >&2
  exit 1
fi
echo "Setting up: the installer (uv)"
rm -rf .tools
python3 -m venv .tools
.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock
touch .tools/ready
