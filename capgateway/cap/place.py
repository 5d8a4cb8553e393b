"""Where an element is: the XPath that findings show, made of local names and counted where a name may repeat."""

from __future__ import annotations

from lxml import etree

from capgateway.cap.names import REPEATABLE

#: CAP's longest name has 14 characters; a stranger's may have a million.
MAX_NAME = 80
#: So many siblings are faster counted here.
FEW = 100
#: Real containers have about ten levels; the innermost of more are shown.
MAX_STEPS = 40


def tag(element: etree._Element) -> str:
    """The element's name with its namespace, in lxml's ``{namespace}name``."""
    return element.tag  # type: ignore[return-value]  # parsed trees without comments hold nothing but names


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return tag(element).rpartition("}")[2]


def namespace_of(element: etree._Element) -> str:
    """The element's namespace, ``""`` for none."""
    return tag(element)[1:].rpartition("}")[0]


def step(name: str, number: int, *, is_alone: bool) -> str:
    """How an XPath calls the child that is the ``number``-th of its name, from 1. Where a name may repeat it is counted
    even when it is alone."""
    shown = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
    return shown if is_alone and name not in REPEATABLE else f"{shown}[{number}]"


def xpath(element: etree._Element, *, inside: tuple[etree._Element, str] | None = None) -> str:
    """From the document's root, as in ``/alert/info[2]/area[1]/polygon[1]`` or ``/feed/entry[3]/content/alert/sent``.

    ``inside`` is an element around it whose XPath is known already: among thousands of siblings each one costs.
    """
    around, start = inside or (None, "")
    steps: list[str] = []
    one: etree._Element | None = element
    while one is not None and one is not around and len(steps) < MAX_STEPS:
        steps.append(_step(one))
        one = one.getparent()
    start = start if one is around else "…"
    return "/".join([start, *reversed(steps)])


def _step(element: etree._Element) -> str:
    name, parent = local(element), element.getparent()
    if parent is None:
        return step(name, 1, is_alone=True)
    if len(parent) <= FEW:
        same = list(parent.iterchildren(tag(element)))
        return step(name, same.index(element) + 1, is_alone=len(same) == 1)
    namespace = namespace_of(element)
    called = f"n:{name}" if namespace else name
    namespaces = {"n": namespace} if namespace else None
    try:  # counted by libxml2: among a hundred thousand siblings a loop here would take too long
        before = int(element.xpath(f"count(preceding-sibling::{called})", namespaces=namespaces))
        is_alone = not before and not element.xpath(f"boolean(following-sibling::{called})", namespaces=namespaces)
    except etree.XPathError:  # a name that libxml2 lets pass in documents and not in XPath, such as `a:b:c`
        return step(name, 1, is_alone=True)
    return step(name, before + 1, is_alone=is_alone)
