"""Hooks of mkdocs: reference pages are made, links that leave docs/ are led somewhere, the result needs no network."""

import re
from pathlib import Path
from typing import Any

from docs_loads import remote_loads
from docs_reference import groups, pages
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
# Pages at the top of the repository that the site shows, too.
TOP = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Put pages that nobody lists by hand into the navigation: one for each config group, one for each decision."""
    folder = Path(config["docs_dir"]) / "decisions"
    records = [f"decisions/{path.name}" for path in sorted(folder.glob("0*.md"))]
    lists = {
        "reference/configs": [{group: f"reference/configs/{group}.md"} for group in groups()],
        "decisions": ["decisions/index.md", *records],
    }
    for section in config["nav"]:
        for items in section.values():
            for item in items:
                if isinstance(item, dict):
                    item.update((title, lists[page]) for title, page in item.items() if page in lists)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made, the pages of the top folder, and pictures that lie outside docs/."""
    made = pages()
    for source, name in TOP.items():
        made[name] = (ROOT / source).read_text(encoding="utf-8")
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    pictures = {
        target
        for path in Path(config["docs_dir"]).rglob("*.md")
        for picture, _, target, _ in LINK.findall(path.read_text(encoding="utf-8"))
        if picture and target.startswith("../") and (path.parent / target).is_file()
    }
    for target in sorted(pictures):
        name = target.removeprefix("../")
        files.append(File.generated(config, f"pictures/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Lead links to files outside docs/ to their page here, or show where the file lies in the repository."""
    uri = page.file.src_uri
    source = {name: top for top, name in TOP.items()}.get(uri)
    here = ROOT / source if source else Path(config["docs_dir"]) / uri
    up = "../" * uri.count("/")

    def led(match: re.Match[str]) -> str:
        picture, text, target, anchor = match[1], match[2], match[3], match[4] or ""
        file = (here.parent / target).resolve()
        if not file.is_relative_to(ROOT) or not file.exists():
            return match[0]
        inside = file.relative_to(ROOT).as_posix()
        if inside in TOP:
            return f"[{text}]({up}{TOP[inside]}{anchor})"
        if inside.startswith("docs/") and file.is_file():
            return f"{picture}[{text}]({up}{inside.removeprefix('docs/')}{anchor})"
        if picture:
            return f"![{text}]({up}pictures/{inside})"
        return f"{text} (`{inside}`)" if inside not in text else f"`{inside}`"

    if uri.startswith("reference/") and uri != "reference/index.md":
        return markdown
    # Code blocks are left alone.
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(led, part) for part in parts)


def on_post_build(config: Any) -> None:
    """Refuse a site that loads anything from elsewhere when it is looked at."""
    complaints = remote_loads(Path(config["site_dir"]))
    if complaints:
        raise PluginError("the site loads from elsewhere:\n" + "\n".join(complaints))
