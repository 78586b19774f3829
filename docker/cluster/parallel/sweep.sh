#!/usr/bin/env bash
# A sweep by GNU parallel, here or on the hosts that PARALLEL_HOSTS lists: runs what is left of it,
# merges the results, and exits with the code of kvwire sweep status.
set -euo pipefail

(($# >= 3)) || {
  echo "usage: sweep.sh PLAN RESULTS SHARDS [OPTIONS of kvwire sweep run]" >&2
  exit 2
}
plan=$1
results=$2
shards=$3
shift 3
kvwire=${KVWIRE:-kvwire}
hosts=()
[[ -z ${PARALLEL_HOSTS-} ]] || hosts=(--sshlogin "$PARALLEL_HOSTS" --workdir "$PWD")

mkdir -p "$results"
# What failed is run again: a trial that came to no end gets another chance, and a shard that has
# all its results ends at once. The joblog of a sweep that was killed names what had ended.
parallel --will-cite --jobs "${JOBS:-100%}" "${hosts[@]}" --joblog "$results/joblog" \
  --resume-failed --tag \
  "$kvwire" sweep run "$plan" --shard "{}/$shards" --results "$results/shard-{}.db" \
  --threads 1 "$@" ::: $(seq "$shards") || true

"$kvwire" sweep status "$plan" "$results" && code=0 || code=$?
# 73: results are missing.
((code == 73)) || "$kvwire" sweep merge "$plan" "$results" --output "$results/merged.db"
exit "$code"
