"""What is kept of a run: its record, its predictions, where it was made, and the scores."""

PROTOCOL_SEEDS = 3
"""Runs that the protocol asks of a row, each with a seed of its own."""
