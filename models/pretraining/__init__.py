"""Language models over words: learned on reviews without labels, then read by a classifier."""
