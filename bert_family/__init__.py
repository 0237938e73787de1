"""One file for each model: the BERT family, fine-tuned through KerasHub."""
