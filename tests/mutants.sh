#!/usr/bin/env bash
# Breaks the deadline engine in one place after another and counts what the worked rows and unit tests do not notice.
# Works on a copy in var/mutants. At most MOST percent may survive; `mutants.sh show NAME` prints one.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$root/var/mutants
mutmut=$root/.venv-mutation/bin/mutmut
most=5
if [[ ${1:-} == show ]]; then
  cd "$copy"
  exec "$mutmut" show "$2"
fi
rm -rf "$copy"
mkdir -p "$copy/tests/core" "$copy/bot"
cp bot/__init__.py "$copy/bot/"
cp -r bot/core bot/law "$copy/bot/"
cp -r tests/vectors tests/eval "$copy/tests/"
cp -r tests/broken "$copy/tests/"
cp tests/core/test_deadlines.py tests/core/test_deadlines_vectors.py tests/core/test_calendar_snapshot.py \
  tests/core/test_broken_files.py tests/core/test_own_day.py "$copy/tests/core/"
cat > "$copy/pyproject.toml" <<'TOML'
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = "-q -x -p no:cacheprovider --import-mode=importlib"
[tool.mutmut]
source_paths = ["bot"]
# the count itself, and not what words, stores or sends its results
only_mutate = [
  "bot/core/deadlines/calendar.py",
  "bot/core/deadlines/rules.py",
  "bot/core/deadlines/inputs.py",
  "bot/core/deadlines/results.py",
  "bot/core/deadlines/ranges.py",
  "bot/core/deadlines/counting.py",
  "bot/core/deadlines/calculations.py",
  "bot/core/deadlines/own_day.py",
  "bot/core/deadlines/one_year.py",
  "bot/core/deadlines/permit.py",
  "bot/core/deadlines/appeals.py",
  "bot/core/deadlines/notices.py",
  "bot/core/deadlines/hearings.py",
  "bot/core/deadlines/fear.py",
  "bot/core/deadlines/address.py",
  "bot/core/deadlines/family.py",
  "bot/core/deadlines/residence.py",
]
also_copy = ["tests", "bot/law"]
TOML
cd "$copy"
export PYTHONDONTWRITEBYTECODE=1
nice "$mutmut" run --max-children 2
"$mutmut" results --all true > results.txt
awk -v most=$most '
  / killed$| timeout$/ { dead++ }
  / survived$| no tests$/ { alive++; print }
  END {
    percent = 100 * alive / (dead + alive)
    printf "%d mutants, %d alive: %.1f%% (at most %d%%)\n", dead + alive, alive, percent, most
    exit percent > most
  }' results.txt
