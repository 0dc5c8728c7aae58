"""Replies that follow a JSON schema: read, validated, and repaired once."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from memeval.kit.errors import ConfigError, ReplyError
from memeval.kit.types import Reply
from memeval.llm.reply import answer_of, unfenced, without_thinking

Messages = Sequence[Mapping[str, str]]

REPAIR = (
    "That reply cannot be used: {complaint}\n"
    "Reply again with one JSON value that follows this JSON schema, and with nothing else:\n{schema}"
)
# Of an unusable reply, what the model is shown again, and what an error quotes.
_SHOWN = 4000
_QUOTED = 80


def complete(
    ask: Callable[[Messages], Reply], messages: Messages, schema: Mapping[str, Any] | None, name: str
) -> Reply:
    """Ask, and with a schema ask once more if the reply does not follow it.

    Args:
        ask: makes one call; what it cost stands in the reply's usage.
        messages: of the request.
        schema: the JSON schema to follow; None takes any text.
        name: of the model, for messages.

    Raises:
        ReplyError: a reply that is cut, or does not follow the schema at the second attempt either.
        ConfigError: a schema that is none.
    """
    if schema is None:
        return ask(messages)
    first = ask(messages)
    try:
        return replace(first, data=parse(first.text, schema))
    except ValueError as error:
        complaint = str(error)
    if first.finish == "length":
        # A second attempt would be cut at the same place.
        raise ReplyError(
            f"the reply of {name} was cut after {first.usage.tokens_out:,} tokens, in the middle of its JSON: raise "
            "llm.max_tokens"
        )
    shown = first.text if len(first.text) <= _SHOWN else first.text[:_SHOWN] + " [...]"
    repair = REPAIR.format(complaint=complaint, schema=canonical(schema))
    second = ask([*messages, {"role": "assistant", "content": shown}, {"role": "user", "content": repair}])
    usage = first.usage + second.usage
    try:
        return replace(second, data=parse(second.text, schema), usage=usage)
    except ValueError as error:
        raise ReplyError(
            f"the reply of {name} does not follow the JSON schema, nor does its repair ({error}): it begins "
            f"{second.text[:_QUOTED]!r}. Choose a model that can, or another llm.seed"
        ) from None


def parse(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value of a reply; thinking before it and a code fence or a heading around it are taken off.

    Raises:
        ValueError: it is no JSON, or does not follow the schema; the message is written for a model to read.
        ConfigError: a schema that is none.
    """
    validator = _validator(canonical(schema))
    complaint = ""
    # As it is first: what a later step takes off may belong to the value.
    proper = without_thinking(text)
    for candidate in dict.fromkeys((text, unfenced(text), proper, unfenced(proper), answer_of(text))):
        try:
            data = json.loads(candidate, parse_constant=_refuse)
            break
        except (ValueError, RecursionError) as error:
            complaint = f"it is no JSON ({error})."
    else:
        raise ValueError(complaint)
    from jsonschema.exceptions import best_match

    worst = best_match(validator.iter_errors(data))
    if worst is not None:
        place = "/".join(str(part) for part in worst.absolute_path)
        raise ValueError(f"it does not follow the schema{f' at {place}' if place else ''}: {worst.message[:300]}.")
    return data


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    parsed = json.loads(schema)
    try:
        Draft202012Validator.check_schema(parsed)
    except SchemaError as error:
        raise ConfigError(f"not a JSON schema: {error.message}") from None
    return Draft202012Validator(parsed)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not allowed in JSON")


def example(schema: Mapping[str, Any], text: str) -> Any:
    """The least value that follows a schema, with `text` where it wants a string.

    Known are type, properties, required, items and prefixItems, the bounds, enum, const, default, anyOf, oneOf, allOf
    and `$ref` within the schema; ask `parse` whether the value really follows.
    """
    return _example(schema, schema, text, 0)


def _example(node: Any, root: Mapping[str, Any], text: str, depth: int) -> Any:
    # A schema that requires itself without end has no value.
    if not isinstance(node, Mapping) or depth > 32:
        return None
    if "$ref" in node:
        return _example(_referred(root, str(node["$ref"])), root, text, depth + 1)
    if "allOf" in node:
        merged: dict[str, Any] = {key: value for key, value in node.items() if key != "allOf"}
        for part in node["allOf"]:
            part = _referred(root, str(part["$ref"])) if "$ref" in part else part
            merged |= {
                **part,
                "required": [*merged.get("required", []), *part.get("required", [])],
                "properties": {**merged.get("properties", {}), **part.get("properties", {})},
            }
        return _example(merged, root, text, depth + 1)
    for key in ("const", "default"):
        if key in node:
            return node[key]
    if "enum" in node:
        return node["enum"][0]
    for key in ("anyOf", "oneOf"):
        if key in node:
            return _example({**node[key][0], **{k: v for k, v in node.items() if k != key}}, root, text, depth + 1)
    kind = node.get("type", "object" if "properties" in node else None)
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = node.get("properties", {})
        return {key: _example(properties.get(key, {}), root, text, depth + 1) for key in node.get("required", ())}
    if kind == "array":
        first = node.get("prefixItems", [])
        rest = max(0, int(node.get("minItems", 0)) - len(first))
        return [_example(item, root, text, depth + 1) for item in [*first, *[node.get("items", {})] * rest]]
    if kind == "string":
        return _string(text, int(node.get("minLength", 0)), node.get("maxLength"))
    if kind in ("integer", "number"):
        return _number(node, kind == "integer")
    return False if kind == "boolean" else None


def _string(text: str, least: int, most: int | None) -> str:
    return text.ljust(least, ".")[:most]


def _number(node: Mapping[str, Any], whole: bool) -> float:
    step = node.get("multipleOf", 1)
    low = node.get("minimum", node["exclusiveMinimum"] + step if "exclusiveMinimum" in node else None)
    high = node.get("maximum", node["exclusiveMaximum"] - step if "exclusiveMaximum" in node else None)
    # The value nearest to 0.
    value = max(low, 0) if low is not None else 0
    value = min(high, value) if high is not None else value
    return int(-(-value // 1)) if whole else value


def _referred(root: Mapping[str, Any], reference: str) -> Any:
    node: Any = root
    for part in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
        node = node.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, Mapping) else {}
    return node
