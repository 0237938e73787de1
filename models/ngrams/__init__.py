"""Language models of n-grams."""
