#!/usr/bin/env bash
# Everything that needs a GPU, within 8 minutes: the tests marked `cuda`, speeds and a soak.
#
#     bash tests/benchmarks/gpu.sh
#
# Run it from the root of the repository, on a machine with one NVIDIA GPU. A part that fails or
# takes too long does not stop the others; the exit code is 1 if any did. Parts for which no time is
# left are skipped, the least needed ones come last. Settings:
#
#     OUT=DIR      where results go: tables.md, kernels.txt, bench.json and log.txt with all that
#                  was printed (default: gpu-results)
#     PYTHON=...   interpreter with PyTorch (default: python3)
#     WHEELS=DIR   wheels to install first, without a network, into a folder of their own
#     CPU=1        try the script itself on a CPU, with tiny sizes: its figures mean nothing
set -uo pipefail

PYTHON=${PYTHON:-python3}
OUT=${OUT:-gpu-results}
WHEELS=${WHEELS:-}
CPU=${CPU:-}
BUDGET=470 # seconds for all parts; what is left of 8 minutes is for this script
slow=1 # how many times as long each part may take

[ -f tests/benchmarks/gpu.sh ] || { echo "run it from the root of the repository"; exit 2; }
mkdir -p "$OUT" && rm -f "$OUT"/{tables.md,log.txt} || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/sbvae-gpu-XXXXXX") || exit 2 # data, run folders, wheels
trap 'rm -rf "$work"' EXIT
# What PyTorch compiles is kept from part to part, but not from call to call.
export TORCHINDUCTOR_CACHE_DIR=$work/compiled
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
tiny=() device=cuda seconds=35
[ -z "$CPU" ] || { tiny=(--tiny) device=cpu seconds=3 slow=3 BUDGET=$((3 * BUDGET)); }
summary=()
failed=0

# part NAME SECONDS COMMAND...: run a command for at most so long.
part() {
    local name=$1 most=$((slow * $2)) left=$((BUDGET - SECONDS)) code began=$SECONDS
    shift 2
    [ "$most" -lt "$left" ] || most=$left
    echo "== $name" | tee -a "$OUT/log.txt"
    if [ "$most" -lt 5 ]; then
        code="no time left"
    else
        timeout --kill-after=10 "$most" "$@" 2>&1 | tee -a "$OUT/log.txt"
        code=${PIPESTATUS[0]}
    fi
    case $code in
        0) code=passed ;;
        124 | 137) code="FAILED: took more than $most s" ;;
        "no time left") code="skipped: $code" ;;
        *) code="FAILED with $code" ;;
    esac
    [[ $code != FAILED* ]] || failed=1
    summary+=("$(printf '%-10s %4d s  %s' "$name" $((SECONDS - began)) "$code")")
}

benchmark() {
    local name=$1 most=$((slow * $2)) left=$((BUDGET - SECONDS))
    [ "$most" -lt "$left" ] || most=$left
    part "$name" "$2" "$PYTHON" tests/benchmarks/gpu_benchmark.py "$name" "${tiny[@]}" \
        --out "$OUT" --work "$work" --seconds $((most - 5))
}

if [ -n "$WHEELS" ]; then
    export PYTHONPATH=$work/site:$PYTHONPATH
    part wheels 60 "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade \
        --target "$work/site" "$WHEELS"/*.whl
fi
part packages 60 "$PYTHON" tests/benchmarks/gpu_benchmark.py packages "${tiny[@]}"
if [ "$failed" = 0 ]; then
    # Only the files that have such tests: others may need packages that are not there. Warnings
    # are no errors here, since versions are not those of tests/constraints.txt.
    mapfile -t files < <(grep -rl 'mark\.cuda' tests --include='test_*.py')
    part cuda 110 "$PYTHON" -m pytest -v -m cuda -W default -p no:cacheprovider \
        ${CPU:+--collect-only} "${files[@]}"
    benchmark commands 160
    benchmark soak 160
    part bench 60 "$PYTHON" -m sbvae_cli bench --device "$device" --seconds "$seconds" \
        --precision auto --json "$OUT/bench.json"
    benchmark rounds 80
    benchmark kernels 40
    if [ $((BUDGET - SECONDS)) -gt 20 ]; then
        benchmark solo "$BUDGET" # as long as there is time
    fi
fi

echo
cat "$OUT/tables.md" 2>/dev/null
echo
printf '%s\n' "${summary[@]}" "$SECONDS s in all; results are in $OUT" | tee -a "$OUT/log.txt"
exit "$failed"
