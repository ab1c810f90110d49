#!/usr/bin/env bash
# Two users of one group share a cache that is made for the group, in both directions; a user outside the group is
# refused, and so is everybody else where the cache is one user's own.
# usage: shared_by_users.sh COMPILER FLAG...      exit status 77: skipped, with the reason
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
compiler=${1:?usage: shared_by_users.sh COMPILER FLAG...}
shift
[ "$(id -u)" = 0 ] || { echo 'skipped: only root may run programs as other users'; exit 77; }
command -v setpriv >/dev/null || { echo 'skipped: setpriv is not installed (Debian package util-linux)'; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

"$compiler" "$@" -O1 -pthread "$here/programs/shared_by_users.cpp" -o "$scratch/program"
team=54321
as() {  # as USER COMMAND...: ann and bob are of the team, eve is not; each has a group of its own
  local user=$1 groups
  shift
  case $user in
    ann) groups="--reuid 60001 --regid 60001 --groups $team" ;;
    bob) groups="--reuid 60002 --regid 60002 --groups $team" ;;
    eve) groups="--reuid 60003 --regid 60003 --clear-groups" ;;
  esac
  # shellcheck disable=SC2086
  setpriv $groups "$@"
}
as ann true 2>/dev/null || { echo 'skipped: this machine does not let root become another user'; exit 77; }

failed=0
expect() {  # expect WHAT PATTERN USER SHARING N: what the run says, as a whole
  local got
  got=$(as "$3" "$scratch/program" "$kind" "$cache" "$4" "$5" 2>&1) || got="$got; exit status $?"
  # shellcheck disable=SC2053
  [[ $got == $2 ]] && return
  printf '%s store, %s: %s (%s as %s)\n  expected %s\n  got      %s\n' "$kind" "$how" "$1" "$3" "$4" "$2" "$got"
  failed=1
}

for kind in directory mapped; do
  for how in setgid plain made_by_a_member; do
    parent=$scratch/$kind-$how
    cache=$parent/cache
    mkdir "$parent"
    case $how in
      setgid) mkdir "$cache"; chgrp $team "$cache"; chmod 2770 "$cache" ;;
      plain) mkdir "$cache"; chgrp $team "$cache"; chmod 770 "$cache" ;;
      made_by_a_member) chgrp $team "$parent"; chmod 2775 "$parent" ;;
    esac
    umask 077
    expect 'the first run fills it' ran ann group 1
    umask 022
    expect 'another member hits' hit bob group 1
    expect 'and fills it too' ran bob group 2
    umask 077
    expect 'which the first one hits' hit ann group 2
    expect 'and still its own' hit ann group 1
    umask 022
    expect 'a user outside the group' 'refused:*no member*hint:*' eve group 1
    expect 'a user outside the group, alone' 'refused:*hint:*' eve user 1
    expect 'a member who wants it alone' 'refused:*hint:*' bob user 1
    others=$(find "$cache" -perm /007 -o ! -group $team)
    [ -z "$others" ] || { printf '%s, %s: not for the group alone: %s\n' "$kind" "$how" "$others"; failed=1; }
  done

  how=private
  parent=$scratch/$kind-$how
  cache=$parent/cache
  mkdir "$parent"
  chmod 1777 "$parent"
  expect 'one user makes it' ran ann user 1
  expect 'and uses it' hit ann user 1
  expect 'another user' 'refused:*belongs to user 60001*hint:*' bob user 1
  expect 'another user, as a group' 'refused:*no member*hint:*' bob group 1
done
[ $failed = 0 ] && echo 'the members of a group share a cache, and nobody else'
exit $failed
