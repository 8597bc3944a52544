#!/usr/bin/env bash
# The whole test suite, or with `check` only its fast part. Called by `make test` and by .ci/run.
# FARO_TEST_REQUIRE="postgresql chromium" turns a missing service from a skip into a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
export RASA_TELEMETRY_ENABLED=false PYTHONDONTWRITEBYTECODE=1
py=.venv/bin/python
failed=()

step() {
  local name=$1
  shift
  local began=$SECONDS
  printf '\n== %s\n' "$name"
  if ! "$@"; then failed+=("$name"); fi
  printf -- '-- %s: %d s\n' "$name" $((SECONDS - began))
}

# Both at once; what runs behind prints when it has ended.
together() {
  local told ended=0
  told=$(mktemp)
  "$2" >"$told" 2>&1 &
  "$1" || ended=1
  wait $! || ended=1
  cat "$told"
  rm -f "$told"
  return $ended
}

step "format" .venv/bin/ruff format --check --quiet .
step "lint" .venv/bin/ruff check --quiet .
step "types, Python 3.12" .venv/bin/mypy
step "types, Python 3.10" .venv/bin/mypy --config-file tests/mypy-engine.ini
step "import contracts" .venv/bin/lint-imports --no-cache
step "yaml" .venv/bin/yamllint --strict bot data config.yml domain.yml credentials.yml endpoints.yml
step "spelling" .venv/bin/codespell bot actions docs README.md CONTRIBUTING.md CHANGELOG.md
step "content" .venv/bin/faro check content
step "law" .venv/bin/faro check law
# Tests of gateways mostly wait, for databases and pauses: more of them at once than there are cores.
# A process of tests that hangs at its end must not keep the others waiting for hours.
step "units, app environment" timeout --kill-after=30 1800 $py -m pytest -q --durations=5 --numprocesses=4 --dist=worksteal \
  --ignore=tests/engine --ignore=tests/conversations --ignore=tests/e2e --ignore=tests/faults
# Not in the crowd: gateways that are killed and started again there take longer than what they are tested for.
faults() { timeout --kill-after=30 1200 $py -m pytest -q --durations=3 tests/faults; }
engine_units() {
  .venv-engine/bin/python -m pytest -q --durations=5 -W ignore \
    tests/engine tests/core/test_language.py tests/core/test_redact.py tests/core/test_dates.py tests/core/test_yaml12.py
}
step "units, engine environment, and a tenth of the faults" together engine_units faults

# Each has a Faro of its own, and mostly waits for it.
browser() { $py -m pytest -q --durations=5 tests/e2e; }
conversations() { $py -m pytest -q --durations=5 tests/conversations; }

if [[ ${1:-all} != check ]]; then
  step "train" .venv/bin/faro train
  step "a real browser, and conversations through the real engine" together browser conversations
fi

printf '\n'
if ((${#failed[@]})); then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
printf 'Everything passed in %d s.\n' "$SECONDS"
