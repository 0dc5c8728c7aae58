"""No key and no password reaches a record, a baseline or a kept reply."""

from types import SimpleNamespace
from typing import Any

import pytest

from memeval.harness.compose import composer
from memeval.kit.errors import ConfigError, words
from memeval.kit.secrets import masked
from memeval.llm import providers
from memeval.llm.litellm_model import LiteLLM
from memeval.options.keys import check_keys, hidden

KEY = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "openai_api_key", "access_token", "token", "password", "client_secret", "Authorization",
    "hf_token"],
)  # fmt: skip
@pytest.mark.parametrize(
    "wrap", [dict, lambda node: {"inner": node}, lambda node: {"all": [node]}], ids=["", "in", "list"]
)
def test_an_option_named_like_a_key_is_refused_without_its_value(name: str, wrap: Any):
    with pytest.raises(ConfigError, match="named like a key") as refused:
        check_keys({"strategy": wrap({name: "open sesame"})})
    assert name in str(refused.value) and "open sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_tokens", "100"), ("stop_token", "</s>"), ("tokens", "few"), ("sort_key", "time"), ("key", "answer"),
    ("tokenizer", "o200k_base"),
     ("api_key", None), ("api_key", ""), ("api_key_variable", "MY_KEY"), ("author", "Anna"), ("url",
     "http://localhost:6333")],
)  # fmt: skip
def test_other_options_are_taken(name: str, value: str | None):
    check_keys({"strategy": {name: value}})


def test_an_address_with_a_password_and_the_value_of_a_secret_variable_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_API_KEY", KEY)
    for value, what in (("postgres://me:pass@host/db", "holds a password"), (f"Bearer {KEY}", "environment variable")):
        with pytest.raises(ConfigError, match=what) as refused:
            check_keys({"strategy": {"address": value}})
        assert value not in str(refused.value)


@pytest.mark.parametrize("override", [f"+strategy.api_key={KEY}", "+strategy.greeting=${oc.env:MY_API_KEY}"])
def test_no_cell_is_composed_with_a_key(override: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_API_KEY", KEY)
    with composer() as hydra, pytest.raises(ConfigError, match="leave it out") as refused:
        hydra.cell([override])
    assert KEY not in str(refused.value)


def test_a_message_about_other_words_does_not_repeat_the_key():
    with composer() as hydra, pytest.raises(ConfigError) as refused:
        hydra.cell([f"strategy.api_key={KEY}", "buget=1"])
    assert KEY not in str(refused.value)
    assert hidden(f"+strategy.api_key={KEY}") == "+strategy.api_key=***"
    assert hidden("budget=100") == "budget=100"


def test_what_servers_and_plug_ins_quote_is_masked_before_it_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_API_KEY", KEY)
    for name, value in (("MAX_TOKENS", "1000000000"), ("KEY_FILE", "/home/keys/mine"), ("SHORT_KEY", "word")):
        monkeypatch.setenv(name, value)
    assert masked(f"Authorization: {KEY}, 1000000000 /home/keys/mine word") == (
        "Authorization: ***, 1000000000 /home/keys/mine word"
    )
    assert words(ValueError(f"x{KEY}")) == "x***"
    answer = SimpleNamespace(
        choices=[SimpleNamespace(message=SimpleNamespace(content=f"your key is {KEY}."), finish_reason="stop")],
        usage=None,
    )
    monkeypatch.setattr(
        providers,
        "litellm",
        lambda: SimpleNamespace(completion=lambda **_: answer, get_llm_provider=lambda _: ("", "x")),
    )
    reply = LiteLLM("mine", api_base="http://127.0.0.1:9", cache="off").complete([{"role": "user", "content": "What?"}])
    assert reply.text == "your key is ***."
