"""A model that follows a script: deterministic, offline, with honest counts of tokens."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from memeval.kit import ledger, strict_json, user_files
from memeval.kit.errors import ConfigError, DataError, ReplyError
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer, get_tokenizer
from memeval.kit.types import Reply, Usage
from memeval.llm import structured
from memeval.llm.structured import Messages

_RULE = "{match: a regular expression, reply: a text or JSON}"
_WORDS = 30


@dataclass(frozen=True, slots=True)
class Request:
    """What a scripted model was asked; a repair attempt is a request of its own."""

    messages: tuple[Mapping[str, str], ...]
    schema: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Rule:
    match: re.Pattern[str]
    reply: str
    error: str | None


@ranged
class Scripted:
    """Replies by the first rule that matches the request.

    Without one: the least value that follows the schema, or the start of the last line of the last user message.

    Attributes:
        requests: all that it was asked, in order.
    """

    def __init__(
        self,
        rules: list[dict[str, Any]] | None = None,
        replies: str | None = None,
        tokenizer: Tokenizer | None = None,
        seconds: Annotated[float, Ge(0)] = 0.0,
    ) -> None:
        """Read the script.

        Args:
            rules: tried in order. `match` is searched in the contents of all messages, one per line; `reply` is a text,
                or a value that is sent as JSON; `error` in its place fails the request.
            replies: a file of further rules, one JSON object per line, tried after `rules`.
            tokenizer: counts the usage; None takes o200k_base.
            seconds: booked for each call, without sleeping.

        Raises:
            ConfigError: a rule that cannot be read, or negative seconds.
        """
        self._rules = [_rule(node, f"llm.rules[{place}]") for place, node in enumerate(rules or ())]
        self._rules += _from_file(replies) if replies is not None else []
        self._given_tokenizer = tokenizer
        self._seconds = float(seconds)
        self.requests: list[Request] = []

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return self._given_tokenizer or get_tokenizer("o200k_base")

    @property
    def fingerprint(self) -> str:
        """Hash of the rules, and what else a call books."""
        rules = [[rule.match.pattern, rule.reply, rule.error] for rule in self._rules]
        return f"scripted:{sha256(json.dumps(rules).encode()).hexdigest()[:16]}:{self._seconds}:v1"

    def repetition(self, number: int) -> "Scripted":
        """Itself: a script has no dice."""
        return self

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        """Reply as the script says.

        Raises:
            ReplyError: the rule says so, or its reply does not follow the schema, nor does that to the repair.
            ConfigError: no rule matches a schema for which no value can be made up.
        """
        return structured.complete(lambda each: self._ask(each, schema), messages, schema, "the scripted model")

    def _ask(self, messages: Messages, schema: Mapping[str, Any] | None) -> Reply:
        self.requests.append(Request(tuple(dict(each) for each in messages), schema))
        joined = "\n".join(each["content"] for each in messages)
        rule = next((each for each in self._rules if each.match.search(joined)), None)
        if rule is not None and rule.error is not None:
            raise ReplyError(f"the scripted model fails, as its rule {rule.match.pattern!r} says: {rule.error}")
        text = _default(messages, schema) if rule is None else rule.reply
        tokens_in = sum(self._tokenizer.count(each["content"]) for each in messages)
        tokens_out = self._tokenizer.count(text)
        ledger.book(cached_seconds=self._seconds, calls=1, tokens_in=tokens_in, tokens_out=tokens_out)
        usage = Usage(
            booked_seconds=self._seconds,
            model_seconds=self._seconds,
            calls=1,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )
        return Reply(text, usage=usage)


def _default(messages: Messages, schema: Mapping[str, Any] | None) -> str:
    asked = [each["content"] for each in messages if each["role"] == "user"]
    lines = [line for line in (asked[-1] if asked else "").splitlines() if line.strip()]
    text = " ".join(lines[-1].split()[:_WORDS]) if lines else "Nothing."
    if schema is None:
        return text
    value = json.dumps(structured.example(schema, text), ensure_ascii=False)
    try:
        structured.parse(value, schema)
    except ValueError as error:
        raise ConfigError(
            f"the scripted model knows no value for a schema ({error}): give it a rule, e.g. "
            "llm.rules=[{match: ., reply: {...}}]"
        ) from None
    return value


def _from_file(name: str) -> list[_Rule]:
    try:
        # Not splitlines(): a text in JSON may hold other line ends, such as U+2028.
        lines = user_files.read(Path(name).expanduser()).split("\n")
    except DataError as error:
        raise ConfigError(f"llm.replies={name} cannot be read: {error}") from None
    rules = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                node, repeats = strict_json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = strict_json.reason(error)
                raise ConfigError(f"line {number} of llm.replies={name} is no JSON ({reason}): write {_RULE}") from None
            if repeats:
                raise ConfigError(f"line {number} of llm.replies={name}: {repeats[0].field}: {strict_json.REPEATED}")
            rules.append(_rule(node, f"line {number} of llm.replies={name}"))
    return rules


def _rule(node: Any, where: str) -> _Rule:
    if (
        not isinstance(node, Mapping)
        or not isinstance(node.get("match"), str)
        or set(node) not in ({"match", "reply"}, {"match", "error"})
    ):
        raise ConfigError(f"{where} is no rule: write {_RULE}, or error: a text in place of the reply")
    try:
        match = re.compile(node["match"])
    except re.error as error:
        raise ConfigError(f"{where}: {node['match']!r} is no regular expression ({error})") from None
    reply = node.get("reply", "")
    text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    return _Rule(match, text, str(node["error"]) if "error" in node else None)
