"""One's own templates, read against ours: unknown or missing placeholders, forbidden promises, files that replace nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, meta, nodes

from mailbot.effects import ANSWERS, CLOCKED, Letter
from mailbot.letters import promises, samples
from mailbot.letters.dress import KINDS, TEMPLATES, Unwritable, dress, environment
from mailbot.letters.house import House

NOW = datetime(2026, 5, 11, 8, 43, tzinfo=UTC)  # the moment of the samples
# What a letter must not lose when somebody rewrites it, wherever ours says it.
NEEDED = ("number", "due_on", "committed_on", "text", "items", "mediator", "leaves_text", "until", "buttons")
OURS = ("house", "language", "printed_on", "plan", "body", "subject", "loop")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something to mend in a text: `file` below the folder of texts."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, ligne {self.line} : {self.what}"


def files(folder: Path) -> list[str]:
    """The texts that lie in a folder, by the names that templates have."""
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix in (".txt", ".html")
    )


def faults(house: House) -> list[Fault]:
    """Everything that is wrong in one's own texts; nothing without a folder."""
    folder = house.texts_folder
    if folder is None:
        return []
    return [fault for name in files(folder) for fault in _of(name, folder, house)]


def _of(name: str, folder: Path, house: House) -> Iterator[Fault]:
    try:
        source = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        yield Fault(file=name, line=1, what="ce fichier ne se lit pas : enregistrez-le en UTF-8")
        return
    if not (TEMPLATES / name).is_file() and not _used(name, folder):
        yield Fault(file=name, line=1, what="ne remplace aucun texte : vérifiez son nom")
        return
    try:
        tree = environment(folder).parse(source, name)
        meta.find_undeclared_variables(tree)  # knows the filters, which the parser does not
    except TemplateSyntaxError as error:
        yield Fault(file=name, line=error.lineno, what=f"faute d’écriture : {error.message}")
        return
    kind = Path(name).stem
    if kind not in KINDS:
        return
    found = [*_unknown(name, kind, tree), *_missing(name, folder), *_promises(name, kind, source)]
    yield from found
    if not found:
        yield from _unwritable(name, kind, house)


def _used(name: str, folder: Path) -> bool:
    """Whether another text of one's own takes this one in."""
    return any(f'"{name}"' in (folder / other).read_text(encoding="utf-8", errors="replace") for other in files(folder))


def _unknown(name: str, kind: str, tree: nodes.Template) -> Iterator[Fault]:
    known = {*samples.FACTS.get(kind, {}), *OURS, "buttons", "code", "codes", *_names(None, name)}
    free = meta.find_undeclared_variables(tree) - known - _macros(tree)
    for node in tree.find_all(nodes.Name):
        if node.name in free and node.ctx == "load":
            listed = ", ".join(sorted(set(samples.FACTS.get(kind, {}))))
            yield Fault(file=name, line=node.lineno, what=f"« {node.name} » est inconnu ; connus ici : {listed}")


def _macros(tree: nodes.Template) -> set[str]:
    imported = {n if isinstance(n, str) else n[1] for node in tree.find_all(nodes.FromImport) for n in node.names}
    return imported | {node.target for node in tree.find_all(nodes.Import)}


def _missing(name: str, folder: Path) -> Iterator[Fault]:
    ours = _names(None, name) & set(NEEDED)
    written = _names(folder, name)
    for lost in sorted(ours - written):
        yield Fault(file=name, line=1, what=f"il manque « {lost} » : la lettre ne le dirait plus")


def _names(folder: Path | None, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The placeholders of a text, and of those that it takes in."""
    loaded = environment(folder)
    try:
        assert loaded.loader is not None
        tree = loaded.parse(loaded.loader.get_source(loaded, name)[0], name)
    except (TemplateError, TemplateNotFound):
        return set()
    found = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    for other in meta.find_referenced_templates(tree):
        if other and other not in seen:
            found |= _names(folder, other, seen | {name})
    return found


def _promises(name: str, kind: str, source: str) -> Iterator[Fault]:
    """In letters that leave by themselves; a colleague's own words are a colleague's."""
    if kind in (*ANSWERS, *CLOCKED):
        for line, phrase in promises.broken(source, regrets=kind == "late"):
            yield Fault(
                file=name, line=line, what=f"« {phrase} » : une lettre automatique ne juge, n’avoue ni ne promet"
            )


def _unwritable(name: str, kind: str, house: House) -> Iterator[Fault]:
    try:
        render(kind, name.partition("/")[0], replace(house))
    except Unwritable as error:
        yield _placed(name, str(error))
    except (KeyError, ValueError) as error:
        yield Fault(file=name, line=1, what=str(error))


def _placed(name: str, message: str) -> Fault:
    """« …/fr/ack.txt, ligne 4 : … », as the renderer says it."""
    _, _, rest = message.partition(", ligne ")
    line, _, what = rest.partition(" : ")
    return Fault(file=name, line=int(line) if line.isdigit() else 1, what=what or message)


def render(kind: str, language: str, house: House) -> Any:
    """A letter with sample facts, as it would leave."""
    letter = Letter(
        kind=kind, keys=(f"{kind}:exemple",), to="carl@boite.example", language=language, facts=samples.FACTS[kind]
    )
    return dress(letter, house, now=NOW, marker="mb-exemple")
