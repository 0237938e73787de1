"""Subwords: cutting words into pieces of a vocabulary, as the BERT family reads them."""
