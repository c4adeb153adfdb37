#!/usr/bin/env bash
# A sweep on several nodes of Slurm, by Ray:
#   sbatch --nodes=4 --cpus-per-task=16 examples/slurm-sweep.sh PLAN.yaml DIR [OPTIONS of sweep run]
# DIR lies on storage that all nodes share. The same command goes on where the time ran out.
#SBATCH --ntasks-per-node=1
#SBATCH --time=24:00:00
#SBATCH --signal=B:INT@120
set -euo pipefail
plan=$1 dir=$2
export RAY_AUTH_MODE=${RAY_AUTH_MODE:-token} RAY_USAGE_STATS_ENABLED=0
port=$((20000 + SLURM_JOB_ID % 10000)) # another job of this node has its own
address=$(hostname):$port
cores=${SLURM_CPUS_PER_TASK:-1}

[ "$RAY_AUTH_MODE" != token ] || ray get-auth-token --generate > /dev/null # in the home folder
ray start --head --port "$port" --num-cpus "$cores" --include-dashboard=false
if [ "$SLURM_NNODES" -gt 1 ]; then
    others=$((SLURM_NNODES - 1))
    srun --nodes="$others" --ntasks="$others" --exclude="$(hostname)" \
        ray start --address "$address" --num-cpus "$cores" --block &
fi
# In place of this shell, so that Slurm's signal reaches it, 120 seconds before the end: it saves.
exec sbvae sweep run "$plan" --out "$dir" --engine ray --address "$address" "${@:3}"
