"""HTML elements as function calls: `h.p(h.b("Relais"), class_="fil")`. Escaping is the tree's, never the author's."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from lxml import etree, html

Element: TypeAlias = etree._Element
Node: TypeAlias = "Element | str | int | Iterable[Node] | None"


class _Elements:
    """Attributes end in `_` where Python needs it, and have `_` for `-`; None children are left out."""

    def __getattr__(self, tag: str) -> Callable[..., Element]:
        def element(*children: Node, **attributes: str | int | bool) -> Element:
            made: Element = html.Element(tag)
            for name, value in attributes.items():
                # `x=False` leaves the attribute out, `x=True` is the bare attribute of HTML.
                if value is not False:
                    made.set(name.rstrip("_").replace("_", "-"), "" if value is True else str(value))
            for child in _flat(children):
                _append(made, child)
            return made

        return element


h = _Elements()


def _flat(children: Iterable[Node]) -> Iterator[Element | str]:
    for child in children:
        if isinstance(child, int):
            yield str(child)
        elif isinstance(child, str | etree._Element):
            yield child
        elif child is not None:
            yield from _flat(child)


def _append(made: Element, child: Element | str) -> None:
    if not isinstance(child, str):
        made.append(child)
    elif len(made):
        made[-1].tail = (made[-1].tail or "") + child
    else:
        made.text = (made.text or "") + child


def elements(content: Iterable[Node]) -> list[Element]:
    """Those of a page, flat; a text belongs in an element."""
    return [node for node in _flat(content) if not isinstance(node, str)]


def joined(nodes: Iterable[Node], separator: str = " ") -> list[Node]:
    """Nodes with a text between them, as `str.join` does."""
    found: list[Node] = []
    for node in nodes:
        found += [separator, node] if found else [node]
    return found
