"""What the pages of a built site load over a network when they are looked at."""

import re
from html.parser import HTMLParser
from pathlib import Path

# What a browser loads by itself, by tag and attribute.
LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data",
}  # fmt: skip
REMOTE = re.compile(r"^(https?:)?//", re.IGNORECASE)


class _Loads(HTMLParser):
    """Collects the addresses that a page loads by itself; links that a reader may click are none."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in LOADED:
            self.addresses += [given.get(LOADED[tag], ""), *given.get("srcset", "").split(",")]
        elif tag == "link" and given.get("rel", "") not in ("canonical", "alternate", "prev", "next", "license"):
            self.addresses.append(given.get("href", ""))
        self.addresses += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))
        if "mermaid" in given.get("class", "").split():
            self.addresses.append("https://the script that draws mermaid diagrams")


def remote_loads(site: Path) -> list[str]:
    """What pages and style sheets below a folder load over a network, one line each."""
    complaints = []
    for path in sorted(site.rglob("*.html")):
        reader = _Loads()
        reader.feed(path.read_text(encoding="utf-8"))
        complaints += [
            f"{path.relative_to(site)}: {address.strip()}"
            for address in reader.addresses
            if REMOTE.match(address.strip())
        ]
    for path in sorted(site.rglob("*.css")):
        addresses = re.findall(r"(?:url\(|@import\s+)['\"]?([^'\")\s]+)", path.read_text(encoding="utf-8"))
        complaints += [f"{path.relative_to(site)}: {address}" for address in addresses if REMOTE.match(address)]
    return complaints
