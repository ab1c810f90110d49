# shellcheck shell=bash disable=SC2034 # library_packages is for the readers of this file
# For tests/run, examples/run and .ci/run, which read it with `source`: sees that what a build needs is there.
# need PACKAGE... names packages of Debian 12. Where this is Debian and the user is root, the missing ones are
# installed; elsewhere they are named and the program stops. What is there by other ways counts: a header is looked for in
# $MEMO_DEPENDENCIES and the usual folders, a command in $PATH.

present() {
  case $1 in
    catch2) header catch2/catch.hpp ;;
    libbenchmark-dev) header benchmark/benchmark.h ;;
    libboost-dev) header boost/hana.hpp ;;
    libcereal-dev) header cereal/cereal.hpp ;;
    librange-v3-dev) header range/v3/version.hpp ;;
    libxxhash-dev) header xxhash.h ;;
    libcli11-dev) header CLI/CLI.hpp ;;
    nlohmann-json3-dev) header nlohmann/json.hpp ;;
    graphviz) command -v dot >/dev/null ;;
    chromium-driver) command -v chromedriver >/dev/null ;;
    python3-jsonschema) python3 -c 'import jsonschema' 2>/dev/null ;;
    openmpi-bin) command -v mpirun >/dev/null ;;
    ninja-build) command -v ninja >/dev/null ;;
    clang-[0-9]*) command -v "clang++-${1#clang-}" >/dev/null ;;
    clang) command -v clang++ >/dev/null ;;
    libclang-rt-*) dpkg -s "$1" >/dev/null 2>&1 || ! command -v dpkg >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

header() {
  local folder
  for folder in ${MEMO_DEPENDENCIES:+"$MEMO_DEPENDENCIES" "$MEMO_DEPENDENCIES/include"} /usr/include /usr/local/include; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

# compiler_package COMPILER: the Debian package of g++, g++-N, clang++ or clang++-N
compiler_package() {
  case $1 in
    clang++-*) echo "clang-${1#clang++-}" ;;
    clang++) echo clang ;;
    *) echo "$1" ;;
  esac
}

need() {
  local missing=() package
  for package in "$@"; do present "$package" || missing+=("$package"); done
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing packages (names of Debian 12): ${missing[*]}"
    echo "install them, or for headers alone set MEMO_DEPENDENCIES to a folder that holds them"
    exit 1
  fi >&2
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

library_packages=(cmake ninja-build libboost-dev libxxhash-dev libcereal-dev librange-v3-dev)
command_line_packages=(libcli11-dev nlohmann-json3-dev)  # of <memo/cli.hpp>
