"""Runs on any number of machines, by Ray (https://docs.ray.io).

The machine where run_all.py was started plans, keeps the order and writes all records; the nodes of
the cluster make runs and keep nothing but copies. Ray is imported by `driver` and `node` alone, and
they only when a cluster is asked for.
"""

import os
from pathlib import Path

# What Ray reads when it is imported: tell nobody of its use, let a run that needs more memory than
# a node has fail instead of being tried forever, and print none of its own logs.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_task_oom_retries", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
# A cluster may ask for the token of whoever started it; Ray looks for it if told to.
_named = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(os.environ)
if _named or (Path.home() / ".ray" / "auth_token").exists():
    os.environ.setdefault("RAY_AUTH_MODE", "token")
