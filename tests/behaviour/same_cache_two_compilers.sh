#!/usr/bin/env bash
# One cache directory serves the builds of two compilers: what a -O0 build of the first filled is all hits for a -O3
# build of the second, and the other way round; steps without a version run again, as the program is another.
# usage: same_cache_two_compilers.sh FIRST SECOND FLAG...      exit status 77: skipped, with the reason
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
first=${1:?usage: same_cache_two_compilers.sh FIRST SECOND FLAG...} second=${2:?a second compiler}
shift 2
for compiler in "$first" "$second"; do
  command -v "$compiler" >/dev/null || { echo "skipped: $compiler is not installed"; exit 77; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$first" "$@" -O0 -pthread "$here/programs/same_cache.cpp" -o "$scratch/first"
"$second" "$@" -O3 -pthread "$here/programs/same_cache.cpp" -o "$scratch/second"

failed=0
expect() {  # expect WHO WHAT OUTCOMES: runs a build in the cache of the name $cache
  local got
  got=$("$scratch/$1" "$scratch/$cache" | tr '\n' ';')
  [ "$got" = "$3" ] && return
  printf '%s: %s\n  expected %s\n  got      %s\n' "$cache" "$2" "$3" "$got"
  failed=1
}
steps() { printf 'sequence %s;sizes,points %s;turned %s;label %s;length %s;unversioned %s;' "$1" "$1" "$1" "$1" "$1" "$2"; }

cache=filled_by_first
expect first 'cold' "$(steps ran ran)"
expect second 'the second build shares what has a version' "$(steps hit ran)"
expect second 'and then its own' "$(steps hit hit)"
expect first 'and the first still has its own' "$(steps hit hit)"
cache=filled_by_second
expect second 'cold' "$(steps ran ran)"
expect first 'the first build shares what has a version' "$(steps hit ran)"
expect first 'and then its own' "$(steps hit hit)"

[ $failed = 0 ] && echo "$first -O0 and $second -O3 share their results both ways"
exit $failed
