"""All that a plug-in may import: nouns, protocols, text, tokens, errors, caches."""
