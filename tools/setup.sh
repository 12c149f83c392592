# shellcheck shell=bash disable=SC2034
# Sourced by the other scripts: what is needed to build, and how it gets onto the machine.

build_packages=(g++ cmake ninja-build pkg-config libopenblas-dev libfmt-dev libcli11-dev nlohmann-json3-dev zlib1g-dev
  libprotozero-dev libedit-dev libpng-dev libgloo-dev)
test_packages=("${build_packages[@]}" doctest-dev clang-19 libclang-rt-19-dev libc++-19-dev libc++abi-19-dev ccache valgrind tmux
  chromium chromium-driver python3 python3-onnx doxygen)
web_packages=(cmake ninja-build libfmt-dev nlohmann-json3-dev libcli11-dev doctest-dev clang-19 llvm-19 lld-19 wasi-libc libc++-19-dev-wasm32
  libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 binaryen)
bench_packages=("${build_packages[@]}" libbenchmark-dev libtorch-dev libopenblas0-openmp python3)

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }
have node && have npm || test_packages+=(nodejs npm)  # any installation of them will do
have node || web_packages+=(nodejs)

# need PACKAGE...: installs the Debian packages that are missing; asks nothing of the network when none is.
need() {
  local missing=() package as_root=()
  if ! have dpkg-query || ! have apt-get; then
    say "This is not Debian; please have these ready (Debian's names): $*"
    if ! have cmake || ! have ninja || ! have "${CXX:-c++}"; then
      fail "at least cmake, ninja and a C++20 compiler are needed to go on"
    fi
    return
  fi
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == *" installed" ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "Installing ${missing[*]} ..."
  if ((EUID != 0)); then
    have sudo || fail "neither root nor sudo; please run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" apt-get update >"$log" 2>&1 ||
    ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get failed (all of it: $log)"
  fi
  rm -f "$log"
}
