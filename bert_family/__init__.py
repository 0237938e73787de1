"""One file a row: the BERT family, fine-tuned through KerasHub."""
