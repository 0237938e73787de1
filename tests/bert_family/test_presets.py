"""Presets in each form that people have."""

import copy
import json
import os

from benchmark.rows import catalogue
from bert_family.shared import presets as module
from bert_family.shared.presets import Preset, weights_name
from preprocessing.errors import UserError
from tests.bert_family.conftest import NAMES
from tests.conftest import needs, run_python

import numpy as np
import pytest
from safetensors.numpy import save_file

IDS = np.array([[2, 30, 31, 32, 3, 0], [2, 40, 3, 0, 0, 0]])


def answers(backbone) -> np.ndarray:
    """Return the last hidden states of two short texts."""
    inputs = {"token_ids": IDS, "padding_mask": (IDS > 0).astype(int), "segment_ids": IDS * 0}
    answer = backbone({name: inputs[name] for name in backbone.input})
    return np.asarray(answer["sequence_output"] if isinstance(answer, dict) else answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_preset_gives_the_same_outputs(name, presets):
    folder, backbone, tokenizer = presets[name]
    architecture = catalogue.load(name).architecture
    preset = Preset.of(str(folder))
    np.testing.assert_array_equal(answers(architecture.load_backbone(preset)), answers(backbone))
    assert architecture.load_backbone(preset, dropout=0.3).dropout == 0.3
    assert architecture.load_tokenizer(preset).key == tokenizer.key
    assert weights_name(preset).startswith(f"tiny-{name} (sha256 ")


def as_hugging_face(folder, backbone, tokenizer) -> None:
    """Write a BERT as the transformers library does."""
    config = {
        "model_type": "bert",
        "vocab_size": backbone.vocabulary_size,
        "num_hidden_layers": backbone.num_layers,
        "num_attention_heads": backbone.num_heads,
        "hidden_size": backbone.hidden_dim,
        "intermediate_size": backbone.intermediate_dim,
        "max_position_embeddings": backbone.max_sequence_length,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    (folder / "vocab.txt").write_bytes(tokenizer.contents()["vocabulary.txt"])
    width = backbone.hidden_dim
    norms = {"embeddings.LayerNorm": backbone.embeddings_layer_norm}
    dense = {"pooler.dense": backbone.pooled_dense}
    for i, layer in enumerate(backbone.transformer_layers):
        attention, place = layer._self_attention_layer, f"encoder.layer.{i}"
        dense |= {
            f"{place}.attention.self.query": attention.query_dense,
            f"{place}.attention.self.key": attention.key_dense,
            f"{place}.attention.self.value": attention.value_dense,
            f"{place}.attention.output.dense": attention.output_dense,
            f"{place}.intermediate.dense": layer._feedforward_intermediate_dense,
            f"{place}.output.dense": layer._feedforward_output_dense,
        }
        norms |= {
            f"{place}.attention.output.LayerNorm": layer._self_attention_layer_norm,
            f"{place}.output.LayerNorm": layer._feedforward_layer_norm,
        }
    tensors = {
        f"embeddings.{theirs}.weight": ours.get_weights()[0]
        for theirs, ours in {
            "word_embeddings": backbone.token_embedding,
            "position_embeddings": backbone.position_embedding,
            "token_type_embeddings": backbone.segment_embedding,
        }.items()
    }
    for name, layer in norms.items():
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = layer.get_weights()
    for name, layer in dense.items():
        kernel, bias = layer.get_weights()
        tensors[f"{name}.weight"] = kernel.reshape(-1, bias.size).T
        tensors[f"{name}.bias"] = bias.reshape(-1)
        assert width in tensors[f"{name}.weight"].shape
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()},
              folder / "model.safetensors")  # fmt: skip


def test_a_hugging_face_folder_gives_the_same_outputs(presets, tmp_path):
    _, backbone, tokenizer = presets["bert"]
    as_hugging_face(tmp_path, backbone, tokenizer)
    architecture = catalogue.load("bert").architecture
    preset = Preset.of(f"their-bert={tmp_path}")
    loaded = answers(architecture.load_backbone(preset))
    np.testing.assert_allclose(loaded, answers(backbone), atol=1e-5)
    assert architecture.load_tokenizer(preset).key == tokenizer.key
    assert weights_name(preset).startswith("their-bert (sha256 ")


def test_the_other_backend_computes_the_same(presets, tmp_path):
    needs("jax")
    folder, backbone, _ = presets["bert"]
    program = (
        "from bert_family import bert; from bert_family.shared.presets import Preset\n"
        "import keras, numpy as np; from tests.bert_family.test_presets import answers\n"
        f"loaded = bert.architecture.load_backbone(Preset.of({str(folder)!r}))\n"
        f"assert keras.backend.backend() == 'jax'; np.save({str(tmp_path / 'a.npy')!r}, "
        "answers(loaded))"
    )
    quick = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # compiling takes longer than computing
    process = run_python("-c", program, KERAS_BACKEND="jax", **quick)
    assert process.returncode == 0, process.stderr
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), answers(backbone), atol=1e-4)


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("bert_base_en", "bert_base_en", "bert_base_en"),
        ("hf://a/b", "hf://a/b", "hf://a/b"),
        ("/models/my-bert", "my-bert", "/models/my-bert"),
        ("mine=/models/a=b/c", "mine", "/models/a=b/c"),
        ("/models/a=b", "a=b", "/models/a=b"),
    ],
)
def test_what_a_preset_is_called(text, name, place):
    preset = Preset.of(text)
    assert (str(preset), preset.place) == (name, place)
    assert Preset.of(preset) is preset
    again = copy.deepcopy(preset)
    assert (str(again), again.place) == (name, place)


def test_the_environment_says_where_weights_of_a_name_are(monkeypatch, tmp_path):
    monkeypatch.setenv(module.WEIGHTS, f"mine={tmp_path}{os.pathsep}bert_base_en=/b")
    found = [Preset.of(text) for text in ("mine=hf://a/b", "bert_base_en", "mine=/other", "c")]
    assert [str(preset) for preset in found] == ["mine", "bert_base_en", "mine", "c"]
    assert [preset.place for preset in found] == [str(tmp_path), "/b", "/other", "c"]


def test_no_path_gets_into_the_hyperparameters():
    from benchmark.rows.hyperparameters import changed

    options = catalogue.load("bert").hyperparameters(preset="mine=/secret/place")
    assert changed(options, type(options)()) == {"preset": "mine"}


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (
            "bert_base_en_uncase",
            r"no Bert preset bert_base_en_uncase; did you mean bert_base_en_",
        ),
        ("roberta_base_en", "no Bert preset roberta_base_en; "),
        ("/no/such/folder", "--preset /no/such/folder: no such folder"),
        ("hf://someone/something", "huggingface.co does not answer .* pass a local folder"),
        ("bert_base_en", "api.kaggle.com does not answer .*--variant scratch-tiny"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(preset, said, monkeypatch):
    def no_network(*_):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(module.socket, "create_connection", no_network)
    monkeypatch.setattr(module, "_is_cached", lambda place: False)
    monkeypatch.setattr(module, "_PROXIES", ())
    with pytest.raises(UserError, match=said) as caught:
        catalogue.load("bert").architecture.load_tokenizer(Preset.of(preset))
    assert "\n" not in str(caught.value)


def test_a_folder_of_another_architecture_is_refused(presets, tmp_path):
    roberta = catalogue.load("roberta").architecture
    for folder in (presets["bert"][0], tmp_path):
        with pytest.raises(UserError, match="is not a Roberta that KerasHub can load"):
            roberta.load_backbone(Preset.of(str(folder)))
