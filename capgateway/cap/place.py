"""Where an element stands: the XPath that findings show, made of local names and counted where a name may repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.names import REPEATABLE

if TYPE_CHECKING:
    from lxml import etree


def tag(element: etree._Element) -> str:
    """The element's name with its namespace, in lxml's ``{namespace}name``."""
    return element.tag  # type: ignore[return-value]  # parsed trees without comments hold nothing but names


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return tag(element).rpartition("}")[2]


def xpath(element: etree._Element) -> str:
    """From the document's root, as in ``/alert/info[2]/area[1]/polygon[1]`` or ``/feed/entry[3]/content/alert/sent``."""
    steps: list[str] = []
    step: etree._Element | None = element
    while step is not None:
        steps.append(_step(step))
        step = step.getparent()
    return "/" + "/".join(reversed(steps))


def _step(element: etree._Element) -> str:
    name, parent = local(element), element.getparent()
    if parent is None:
        return name
    before = len(list(element.itersiblings(tag(element), preceding=True)))
    is_alone = before == 0 and next(element.itersiblings(tag(element)), None) is None
    return name if is_alone and name not in REPEATABLE else f"{name}[{before + 1}]"
