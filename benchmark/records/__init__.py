"""What is kept of a run: its record, its predictions, where it was made, and the scores."""
