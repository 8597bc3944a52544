#!/usr/bin/env bash
# Writes the lock files again: versions and hashes, no index addresses.
set -euo pipefail
cd "$(dirname "$0")"
compile() { ../.tools/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"; }
compile --python 3.10 --python-version 3.10 engine.in -o engine.lock
compile --python 3.10 --python-version 3.10 -c engine.lock engine-dev.in -o engine-dev.lock
compile --python 3.12 --python-version 3.12 app.in -o app.lock
compile --python 3.12 --python-version 3.12 -c app.lock app-dev.in -o app-dev.lock
compile --python 3.12 --python-version 3.12 -c app.lock -c app-dev.lock mutation.in -o mutation.lock
compile --python-version 3.8 tools.in -o tools.lock
