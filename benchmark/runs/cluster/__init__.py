"""Runs on any number of machines, by Ray (https://docs.ray.io).

The machine where run_all.py was started plans, keeps the order and writes all records; the nodes of
the cluster make runs and keep nothing but copies. Ray is imported here alone, and only when a
cluster is asked for.
"""
