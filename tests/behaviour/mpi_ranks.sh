#!/usr/bin/env bash
# Four ranks of mpirun run one pipeline on one cache: all finish, none waits for another, and the report says so.
# usage: mpi_ranks.sh COMPILER FLAG...      exit status 77: skipped, with the reason
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
compiler=${1:?usage: mpi_ranks.sh COMPILER FLAG...}
shift
command -v mpirun >/dev/null || { echo 'skipped: mpirun is not installed (Debian package openmpi-bin)'; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$compiler" "$@" -O1 -pthread "$here/programs/ranks.cpp" -o "$scratch/ranks"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
failed=0
expect() {  # expect WHAT COUNT TEXT: how often a line of the last run has the text
  local got
  got=$(grep -c "$3" "$scratch/out") || true
  [ "$got" = "$2" ] && return
  printf '%s: %s lines with "%s", not %s:\n' "$1" "$got" "$3" "$2"
  cat "$scratch/out"
  failed=1
}
run() { timeout 60 mpirun --oversubscribe -n 4 "$scratch/ranks" "$scratch/cache" >"$scratch/out" 2>"$scratch/err" || {
  cat "$scratch/err"; exit 1; }; }

run
expect cold 4 '^result 41$'
expect cold 4 'waiting for other processes that compute the same is off: an MPI launcher started this program'
run
expect warm 4 '^result 41$'
expect warm 0 '^note: waiting'
"$scratch/ranks" "$scratch/alone" >"$scratch/out"
expect 'without a launcher' 0 '^note: waiting'
[ $failed = 0 ] && echo 'four ranks finish, and say that they do not wait for each other'
exit $failed
