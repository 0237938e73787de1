"""What the rows of the BERT family share."""
