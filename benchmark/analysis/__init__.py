"""What the records say: leaderboard, steps, comparisons; derived, byte for byte."""
