# shellcheck shell=sh
# Sourced by ./dev: gets everything gnomon is built from. SPDX-License-Identifier: Apache-2.0
#
# What comes from Debian is installed by apt-get; the rest lives in .deps/ of this checkout. Every
# download is pinned and checked in deps/. A step that was done with the manifests as they are now
# is not done again, so a second run downloads nothing.

deps=$PWD/.deps
python=${PYTHON:-/usr/bin/python3}

say() { printf '%s\n' "$*" >&2; }

# fail PROBLEM [HINT...]
fail() {
  say "dev: $1"
  shift
  for hint in "$@"; do say "     $hint"; done
  exit 1
}

# logged NAME COMMAND...: keeps the output in .deps/log, and shows its end when the command fails.
logged() {
  log=$deps/log/$1.log
  shift
  "$@" >"$log" 2>&1 && return 0
  say "dev: this failed: $*"
  tail -n 25 "$log" | sed 's/^/     | /' >&2
  say "     all of it: $log"
  return 1
}

# once STEP TEXT MANIFEST...: runs install_STEP, unless it was done with these very manifests.
once() {
  step=$1 text=$2
  shift 2
  state=$({ pwd && cat "$@"; } | sha256sum)
  stamp=$deps/stamp/$step
  [ "$(cat "$stamp" 2>/dev/null)" = "$state" ] && return 0
  say "  installing $text"
  rm -f "$stamp"
  "install_$step" ||
    fail "set-up stopped at: $text" \
      "Is the network reachable? A proxy or mirror is taken from the settings of apt, pip and go." \
      "Then run the same command again; what is already installed is kept."
  printf '%s\n' "$state" >"$stamp"
}

# ---- Debian packages -------------------------------------------------------------------------

# missing_packages MANIFEST: those not installed. Any Go will do, Debian's or another.
missing_packages() {
  sed '/^#/d; /^$/d' "$1" | while read -r package; do
    [ "$package" = golang-go ] && command -v go >/dev/null && continue
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
  done | tr '\n' ' '
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# debian MANIFEST: installs what is missing of it.
debian() {
  [ -z "${GNOMON_NO_APT:-}" ] || return 0
  command -v apt-get >/dev/null ||
    fail "this is not a Debian system: there is no apt-get" \
      "Install by hand what $1 names, then run: GNOMON_NO_APT=1 ./dev ..."
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "these packages are missing, and installing them needs root or sudo: $missing" \
      "As root: apt-get install --no-install-recommends $missing"
  say "  installing Debian packages: $missing"
  logged apt-update as_root apt-get -q update || fail "the Debian package lists could not be read" \
    "Is the network reachable? See /etc/apt for the mirror that is used."
  # shellcheck disable=SC2086  # a list of names
  logged apt as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y install --no-install-recommends $missing </dev/null ||
    fail "apt-get could not install: $missing"
}

# ---- what lives in .deps ---------------------------------------------------------------------

# DuckDB: its header and archives are a Go module; go checks them against deps/duckdb/go.sum.
install_duckdb() {
  case $(uname -m) in
    x86_64) module=github.com/duckdb/duckdb-go-bindings/lib/linux-amd64 ;;
    aarch64) module=github.com/duckdb/duckdb-go-bindings/lib/linux-arm64 ;;
    *) fail "there is no DuckDB library for $(uname -m)" "x86_64 and aarch64 are known" ;;
  esac
  export GOMODCACHE="$deps/go/mod" GOCACHE="$deps/go/build" GOFLAGS=-modcacherw GOTOOLCHAIN=local
  (cd deps/duckdb && logged duckdb go mod download "$module") || return 1
  folder=$(cd deps/duckdb && go list -m -f '{{.Dir}}' "$module") || return 1
  rm -rf "$deps/duckdb"
  mkdir -p "$deps/duckdb/include" "$deps/duckdb/lib"
  mv "$folder"/*.h "$deps/duckdb/include/" && mv "$folder"/*.a "$deps/duckdb/lib/" &&
    mv "$folder/LICENSE" "$deps/duckdb/" && rm -rf "$deps/go"
}

# Sources that are compiled into gnomon, and the data of the demo.
install_archives() {
  fresh=$deps/fresh
  rm -rf "$fresh"
  logged archives "$deps/venv/bin/python" tools/fetch.py deps/archives.txt "$fresh" || return 1
  awk '!/^#/ {print $2, "sha256", $3}' deps/archives.txt >"$fresh/src/VERSIONS"
  rm -rf "$deps/src" "$deps/data"
  mv "$fresh/src" "$fresh/data" "$deps/" && rmdir "$fresh"
}

# venv_with FOLDER MANIFEST: a virtual environment that has what the manifest pins. A package that
# comes as source is built with what is there, since pip would fetch its build tools unpinned.
venv_with() {
  [ -x "$1/bin/python" ] || logged venv "$python" -m venv "$1" || return 1
  logged "pip-$(basename "$2" .txt)" "$1/bin/python" -m pip install --disable-pip-version-check \
    --require-hashes --no-deps --no-build-isolation -r "$2"
}

install_python_build() { venv_with "$deps/venv" deps/python-build.txt; }
install_python_demo() { venv_with "$deps/venv" deps/python-demo.txt; }
install_python_test() { venv_with "$deps/venv" deps/python-test.txt; }
install_python_lint() { venv_with "$deps/venv" deps/python-lint.txt; }
install_oracle_chronon() { venv_with "$deps/oracle-chronon" deps/oracle-chronon.txt; }

# A real Spark, and the archive of classes with which its server starts in half the time.
install_oracle_spark() {
  venv_with "$deps/oracle-spark" deps/oracle-spark.txt || return 1
  logged spark-archive "$deps/oracle-spark/bin/python" tests/golden/expr/oracle.py archive ||
    say "  (no class archive: Spark starts slower; see $deps/log/spark-archive.log)"
}

install_oracle_feast() { venv_with "$deps/oracle-feast" deps/oracle-feast.txt; }
install_bench() { venv_with "$deps/bench" deps/bench.txt; }

# ---- what each verb needs --------------------------------------------------------------------

# alone COMMAND...: one set-up at a time in this checkout.
alone() {
  mkdir -p "$deps/stamp" "$deps/log"
  exec 9>"$deps/lock"
  flock 9
  "$@"
  exec 9>&-
}

need_build() {
  debian deps/apt-build.txt
  once duckdb "DuckDB 1.5.5 (library and header)" deps/duckdb/go.mod deps/duckdb/go.sum
  once python_build "Meson and meson-python" deps/python-build.txt
  once archives "yyjson, nanoarrow and the flights of the demo" deps/archives.txt
}

need_demo() {
  need_build
  once python_demo "PyArrow, which writes the demo's tables" deps/python-demo.txt
}

need_test() {
  need_build
  debian deps/apt-test.txt
  once python_test "pytest, PyArrow, nbclient, gcovr" deps/python-test.txt
  [ ! -f deps/oracle-chronon.txt ] ||
    once oracle_chronon "chronon-ai, to compare with" deps/oracle-chronon.txt
  once oracle_feast "Feast, whose client is served" deps/oracle-feast.txt
  once oracle_spark "Spark 4.1.1, to compare with (500 MB)" deps/oracle-spark.txt
}

need_valgrind() { debian deps/apt-valgrind.txt; }

need_lint() {
  need_build
  once python_lint "clang-format, clang-tidy, codespell, ruff, mypy" deps/python-lint.txt
  once python_test "pytest, PyArrow, Polars, whose types mypy reads" deps/python-test.txt
}

need_bench() {
  need_build
  debian deps/apt-bench.txt
  once bench "the benchmarks' peers" deps/bench.txt
  [ ! -f deps/oracle-chronon.txt ] ||
    once oracle_chronon "chronon-ai, to compare with" deps/oracle-chronon.txt
  once oracle_feast "Feast, to compare with" deps/oracle-feast.txt
}

need_all() {
  need_test
  need_lint
}
