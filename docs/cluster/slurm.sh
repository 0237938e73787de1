#!/usr/bin/env bash
#SBATCH --job-name=imdb-benchmark
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=04:00:00
# Ray on all nodes of the job, the benchmark on the first of them. Submit it in the repository's root,
# where .venv is; words after the script's name go to run_all.py.
set -euo pipefail
source .venv/bin/activate
export RAY_USAGE_STATS_ENABLED=0
export IMDB_NODE_CACHE=${IMDB_NODE_CACHE:-${TMPDIR:-/tmp}/imdb-benchmark-$USER}

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 10000))
cpus=${SLURM_CPUS_ON_NODE:-$(nproc)}

srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
  ray start --head --port="$port" --num-cpus="$cpus" --block &
sleep 20
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
  srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) \
    --exclude="$head" --overlap ray start --address="$head:$port" --num-cpus="$cpus" --block &
  sleep 20
fi
# Slurm ends all that srun has started when this script ends.
srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
  python run_all.py "$@" --cluster "$head:$port"
