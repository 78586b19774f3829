# Commands of ./dev that go beyond "./dev test": each says what packages it needs besides those of
# a build. ./dev sources this.

# What the images of these parts are built from where no registry is reached.
base_packages=(mmdebstrap)
limits_packages=(python3-h2 python3-protobuf)
portable_packages=(clang)
cluster_packages=(munge parallel slurm-wlm)
fuzz_packages=(clang-14 libclang-rt-14-dev)

compose() {
  local part parts=("$@") python=(python3 -B)
  ((${#parts[@]})) || parts=(isolation link metrics demo python slow tls restart)
  require "${build_packages[@]}"
  command -v busybox >/dev/null || require busybox
  docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null ||
    require docker-compose
  if ! docker version >/dev/null 2>&1; then
    command -v dockerd >/dev/null || require docker.io
    ((EUID == 0)) || python=(sudo "${python[@]}")
    for part in "${parts[@]}"; do
      case $part in
        demo | isolation | link | tls) ;;
        *) require "${base_packages[@]}" ;;
      esac
    done
  fi
  build release "${programs[@]}"
  exec "${python[@]}" "$root/tests/docker/run.py" "$root/build/release/bin" "$root/build/docker" \
    "${parts[@]}"
}

# Names of the benchmarks: tests/bench/NAME_bench.cc, or .py.
bench_names() {
  local path
  for path in "$root"/tests/bench/*_bench.{cc,py}; do
    [[ ! -e $path ]] || basename "${path%_bench.*}"
  done
}

bench() {
  local bench="$root/tests/bench/bench.py" names=() options=() arguments=()
  local json="$root/build/bench/$(date -u +%Y%m%dT%H%M%SZ).json"
  require python3
  if [[ ${1-} == --compare ]]; then
    exec python3 -B "$bench" "$@"
  fi
  while (($#)); do
    case $1 in
      --json)
        (($# > 1)) || die "--json wants a file"
        json=$2
        shift
        ;;
      --)
        arguments=("$@")
        break
        ;;
      -*) options+=("$1") ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  ((${#names[@]})) || mapfile -t names < <(bench_names)

  local name targets=() run=()
  for name in "${names[@]}"; do
    if [[ -e $root/tests/bench/${name}_bench.cc ]]; then
      targets+=("${name}_bench")
      run+=("$root/build/release/bin/${name}_bench")
    elif [[ -e $root/tests/bench/${name}_bench.py ]]; then
      targets+=("${programs[@]}" "${name}_bench")
      run+=("$root/tests/bench/${name}_bench.py")
    else
      die "no benchmark '$name'; there are: $(bench_names | paste -sd ' ')"
    fi
  done
  require "${build_packages[@]}" "${bench_packages[@]}"
  build release "${targets[@]}"
  KVWIRE_BIN="$root/build/release/bin" exec python3 -B "$bench" \
    --json "$json" "${options[@]}" "${run[@]}" "${arguments[@]}"
}

# Schedulers that the tests start themselves, in folders of their own.
cluster() {
  require "${build_packages[@]}" "${cluster_packages[@]}"
  build release "${programs[@]}"
  local test
  for test in parallel slurm; do
    KVWIRE_BIN="$root/build/release/bin" PYTHONPATH="$root/tests/e2e" \
      python3 -B "$root/tests/cluster/${test}_test.py"
  done
}

# Names of the fuzz targets: tests/fuzz/NAME_fuzz.cc.
fuzz_names() {
  local path
  for path in "$root"/tests/fuzz/*_fuzz.cc; do basename "${path%_fuzz.cc}"; done
}

fuzz() {
  local seconds=600 seeds= names=() name
  while (($#)); do
    case $1 in
      --short) seconds=60 ;;
      --seeds) seeds=yes ;;
      -*) die "fuzz knows only --short and --seeds, not '$1'" ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  ((${#names[@]})) || mapfile -t names < <(fuzz_names)
  for name in "${names[@]}"; do
    [[ -e $root/tests/fuzz/${name}_fuzz.cc ]] ||
      die "no fuzz target '$name'; there are: $(fuzz_names | paste -sd ' ')"
  done
  require "${build_packages[@]}"
  if [[ $seeds ]]; then
    build release "${names[@]/%/_replay}"
    for name in "${names[@]}"; do
      "$root/build/release/bin/${name}_replay" --seeds "$root/tests/fuzz/corpus/$name"
    done
    return
  fi
  require "${fuzz_packages[@]}"
  build fuzz "${names[@]/%/_fuzz}"
  "$root/tests/fuzz/run_fuzzers" "$seconds" "$root/build/fuzz/bin" "${names[@]}"
}

limits() {
  local part script scripts=() parts=("$@") python=/usr/bin/python3
  # Debian's packages are its own Python's; another one may come first in PATH.
  [[ -x $python ]] || python=python3
  ((${#parts[@]})) || parts=(idle bombs drains runs)
  for part in "${parts[@]}"; do
    case $part in
      idle) script=idle_streams ;;
      bombs | drains) script=$part ;;
      runs) script=many_runs ;;
      *) die "limits has the parts idle, bombs, drains and runs, not '$part'" ;;
    esac
    scripts+=("$root/tests/e2e/$script.py")
  done
  require "${build_packages[@]}" "${limits_packages[@]}"
  build release "${programs[@]}" plugin_modules
  export KVWIRE_BIN=$root/build/release/bin
  export KVWIRE_PLUGIN_MODULES=$root/build/release/tests/plugins/python
  local failed=0
  for script in "${scripts[@]}"; do "$python" -B "$script" || failed=1; done
  return $failed
}

# Golden tests compare with files, so that builds that pass write the same bytes.
portable() {
  require "${build_packages[@]}" "${portable_packages[@]}"
  local compiler level folder
  for compiler in g++ clang++; do
    for level in -O0 -O3; do
      folder=$root/build/portable/$compiler$level
      cmake -S "$root" -B "$folder" -G Ninja -D CMAKE_CXX_COMPILER="$compiler" \
        -D CMAKE_CXX_FLAGS="$level" >&2
      cmake --build "$folder" --parallel "$(jobs)" --target golden_tests >&2
      "$folder/bin/golden_tests" --gtest_brief=1 || die "$compiler $level writes other bytes"
      echo "$compiler $level: the golden bytes"
    done
  done
}

chaos() {
  require "${build_packages[@]}"
  build release "${programs[@]}" kvwire_chaos
  exec "$root/build/release/bin/kvwire_chaos" "$@"
}
