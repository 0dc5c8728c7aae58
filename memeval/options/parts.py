"""Retrievers made of other retrievers, named in a config: `retriever.parts=[bm25,vector]`, `retriever.inner=bm25`.

The names are replaced by the configs of those options before anything is built. What stands under `parts.<name>` holds
for that part alone: options of the retriever, and choices and options of the groups that it uses.

    retriever=hybrid retriever.parts=[bm25,vector] +parts.bm25.k1=0.9 +parts.vector.writing=sessions
    retriever=decay retriever.inner=hybrid +parts.hybrid.parts=[bm25,kv]

A part may have a name of its own, so that one retriever can be there twice:

    retriever.parts=[bm25,by_session] +parts.by_session.retriever=bm25 +parts.by_session.writing=sessions
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from memeval.kit.errors import ConfigError
from memeval.options import root

RETRIEVER = "retriever"
# Options of a retriever that name other retrievers: several, or one.
SEVERAL = "parts"
ONE = "inner"

Load = Callable[[str, str], Any]
Options = Callable[[str], Sequence[str]]


def with_parts(config: Any, load: Load, options: Options) -> Any:
    """A composed config in which the names of other retrievers are replaced by their configs.

    Args:
        config: an OmegaConf of all groups, not yet resolved; it is not changed.
        load: the config of an option, by group and name, not yet resolved.
        options: the names of a group's options.

    Raises:
        ConfigError: a name that is no retriever, one that contains itself, settings for a part that cannot be one.
    """
    from omegaconf import DictConfig, OmegaConf

    for name, settings in (config.get(SEVERAL) or {}).items():
        if not isinstance(settings, DictConfig):
            raise ConfigError(
                f"{SEVERAL}.{name}={settings} sets nothing: name an option, e.g. +{SEVERAL}.{name}.k1=0.9"
            )
        if RETRIEVER not in settings:
            _known(str(name), options(RETRIEVER), f"+{SEVERAL}.{name}")
    node = config.get(RETRIEVER)
    if not isinstance(node, DictConfig) or not any(key in node for key in (SEVERAL, ONE)):
        return config
    filled: Any = OmegaConf.create(OmegaConf.to_container(config, resolve=False))
    filled[RETRIEVER] = _Filler(load, options).filled(filled, ())
    return filled


class _Filler:
    def __init__(self, load: Load, options: Options) -> None:
        self._load = load
        self._options = options

    def filled(self, config: Any, above: tuple[str, ...]) -> Any:
        """The retriever of a config with all names replaced; `above`: the names that led to it."""
        from omegaconf import DictConfig, ListConfig

        node = config[RETRIEVER].copy()
        several = node.get(SEVERAL)
        if isinstance(several, str):
            raise ConfigError(f"retriever.parts={several} is one name: give a list, e.g. retriever.parts=[bm25,vector]")
        if isinstance(several, ListConfig):
            names = [part for part in several if isinstance(part, str)]
            if len(set(names)) < len(names):
                raise ConfigError(
                    f"retriever.parts={list(several)} names a part twice: give the second a name of its own, e.g. "
                    "retriever.parts=[bm25,other] +parts.other.retriever=bm25"
                )
            node[SEVERAL] = [
                self._part(config, part, above, f"{config.scope}/{part}") if isinstance(part, str) else part
                for part in several
            ]
        one = node.get(ONE)
        if isinstance(one, str):
            node[ONE] = self._part(config, one, above, config.scope)
        elif ONE in node and not isinstance(one, DictConfig):
            raise ConfigError(f"retriever.inner={one} names no retriever: type e.g. retriever.inner=bm25")
        return node

    def _part(self, config: Any, name: str, above: tuple[str, ...], scope: str) -> Any:
        from omegaconf import OmegaConf

        if name in above:
            raise ConfigError(f"the retriever {name!r} is a part of itself: {' > '.join((*above, name))}")
        settings = dict((config.get(SEVERAL) or {}).get(name) or {})
        option = str(settings.pop(RETRIEVER, name))
        _known(option, self._options(RETRIEVER), name)
        own = config.copy()
        # Parts of one store must not meet each other's passages.
        own.scope = scope
        own[RETRIEVER] = self._load(RETRIEVER, option)
        for key, value in settings.items():
            if key not in root.of_parts():
                own[RETRIEVER][key] = value
            elif isinstance(value, str):
                _known(value, self._options(key), f"{SEVERAL}.{name}.{key}")
                own[key] = self._load(key, value)
            else:
                own[key] = OmegaConf.merge(own[key], value)
        own[RETRIEVER] = self.filled(own, (*above, name))
        return OmegaConf.create(OmegaConf.to_container(own[RETRIEVER], resolve=True))


def _known(name: str, options: Sequence[str], where: str) -> None:
    choices = [option for option in options if option != "none"]
    if name not in choices:
        close = get_close_matches(name, choices, n=1)
        guess = f", did you mean {close[0]}?" if close else ""
        raise ConfigError(f"{where} names {name!r}, which is unknown{guess}: choose one of {', '.join(choices)}")
