"""GPT's network and tokenizer, in the form in which KerasHub has others'.

Importing this imports KerasHub.
"""

from typing import Any

from bert_family.shared.kerashub import kerashub

import keras
from keras import layers

_hub: Any = kerashub()


@keras.saving.register_keras_serializable("bert_family")
class GPTBackbone(_hub.models.Backbone):
    """A transformer that reads left to right (Radford et al., 2018, section 4.1).

    Vectors of subwords and of places are added; each layer normalizes behind attention and behind
    the two dense layers, the inner one with GELU. KerasHub's GPT-2 is the later form, which
    normalizes before them and once more at the end. The subwords' vectors give the next subword's
    logits, too.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        intermediate_dim: int,
        dropout: float = 0.1,
        max_sequence_length: int = 512,
        dtype: Any = None,
        **kwargs: Any,
    ):
        """Take the sizes, which KerasHub's other networks call alike."""

        def normal() -> keras.initializers.Initializer:
            return keras.initializers.RandomNormal(stddev=0.02)

        self.token_embedding = _hub.layers.ReversibleEmbedding(
            vocabulary_size, hidden_dim, embeddings_initializer=normal(), dtype=dtype,
            name="token_embedding",
        )  # fmt: skip
        self.position_embedding = _hub.layers.PositionEmbedding(
            max_sequence_length, normal(), dtype=dtype, name="position_embedding"
        )
        self.transformer_layers = [
            _hub.layers.TransformerDecoder(
                intermediate_dim, num_heads, dropout, activation="gelu",
                kernel_initializer=normal(), dtype=dtype, name=f"transformer_layer_{i}",
            )
            for i in range(num_layers)
        ]  # fmt: skip

        tokens = keras.Input((None,), dtype="int32", name="token_ids")
        mask = keras.Input((None,), dtype="int32", name="padding_mask")
        vectors = self.token_embedding(tokens)
        x = layers.Add(dtype=dtype)((vectors, self.position_embedding(vectors)))
        x = layers.Dropout(dropout, dtype=dtype)(x)
        for layer in self.transformer_layers:
            x = layer(x, decoder_padding_mask=mask)  # its causal mask is its own
        super().__init__(
            inputs={"token_ids": tokens, "padding_mask": mask}, outputs=x, dtype=dtype, **kwargs
        )

        self.vocabulary_size = vocabulary_size
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.hidden_dim = hidden_dim
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.max_sequence_length = max_sequence_length

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        sizes = ("vocabulary_size", "num_layers", "num_heads", "hidden_dim", "intermediate_dim",
                 "dropout", "max_sequence_length")  # fmt: skip
        return super().get_config() | {name: getattr(self, name) for name in sizes}


@keras.saving.register_keras_serializable("bert_family")
class GPTTokenizer(_hub.models.RobertaTokenizer):
    """Byte pairs with RoBERTa's names for what stands for no text."""

    backbone_cls = GPTBackbone
