#!/usr/bin/env bash
# environment.sh FOLDER PYTHON LOCKFILE: installs exactly what the lock file names, each file checked by its hash.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 python=$2 lock=$3
uv=.tools/bin/uv
if [[ ! -x $folder/bin/python ]]; then
  echo "Setting up: $folder (Python $python)"
  # Python comes from the machine or pyenv; where there is none, uv fetches one.
  if ! $uv venv --quiet --python "$python" "$folder"; then
    echo "No Python $python was found, and none could be fetched." >&2
    echo "Install it (for example: pyenv install $python) and run the command again." >&2
    exit 1
  fi
fi
echo "Setting up: $folder, $(grep -c '==' "requirements/$lock") packages of $lock"
if ! VIRTUAL_ENV=$PWD/$folder $uv pip install --quiet --require-hashes -r "requirements/$lock"; then
  echo "Some packages of requirements/$lock could not be installed (see above)." >&2
  echo "Without a network: connect and run the command again, nothing is lost." >&2
  echo "A missing compiler: sudo apt-get install -y build-essential" >&2
  exit 1
fi
if [[ $folder == .venv ]]; then
  # `faro` is a script on the environment's path, and finds the project by its own place.
  cat > .venv/bin/faro <<'PY'
#!/usr/bin/env bash
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
PYTHONPATH=$root exec "$root/.venv/bin/python" -m bot.cli "$@"
PY
  chmod +x .venv/bin/faro
fi
case $lock in *-dev.lock) touch "$folder/ready-dev" ;; *) touch "$folder/ready" ;; esac
