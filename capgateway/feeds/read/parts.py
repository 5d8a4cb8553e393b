"""An element's children against what a standard says of them: which, how often, in which order, with which values. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from lxml import etree

from capgateway.cap.names import BLANK, SCHEMA_LOCATIONS
from capgateway.cap.place import local, namespace_of
from capgateway.feeds.read.markup import places, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORDS = re.compile(f"[^{BLANK}]+")


class Value(msgspec.Struct, frozen=True):
    """A text: what it has to be, and how to make it so. What only ``is_advised`` is not a fault of the form."""

    is_right: Callable[[str], bool] = bool
    advice: str = ""
    is_advised: bool = False


TEXT = Value(lambda _: True)


class Part(msgspec.Struct, frozen=True):
    """A child: its name, ``*`` for any of other namespaces, how often it may occur, and what is in it. ``None``
    is not looked into."""

    name: str
    least: int = 0
    most: int | None = 1
    form: Form = TEXT

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self,)


class OneOf(msgspec.Struct, frozen=True):
    """Exactly one of the parts."""

    parts: tuple[Part, ...]
    least: int = 1
    most: int | None = 1


Form = Value | tuple[Part | OneOf, ...] | None
#: The one form that lets foreign attributes in besides.
EMBEDDED: Form = (Part("*", 1, None, None),)


class Fault(NamedTuple):
    """``about`` distinguishes a wrong order of elements from a wrong value, and that from one that is only ill-advised."""

    about: Literal["elements", "value", "advice"]
    element: etree._Element
    where: str
    message: str


def faults(element: etree._Element, where: str, form: Form) -> Iterator[Fault]:
    """Everything in which the element, at XPath ``where``, differs from its form. Its namespace is that of all parts."""
    if form is None:
        return
    yield from _attributes(element, where, form)
    if isinstance(form, Value):
        yield from _value(element, where, form)
        return
    texts = (element.text, *(child.tail for child in element))
    if any(text and text.strip(BLANK) for text in texts):
        message = f"There is text between the elements of `{local(element)}`; remove it."
        yield Fault("elements", element, where, message)
    yield from _children(element, where, form)


def _attributes(element: etree._Element, where: str, form: Form) -> Iterator[Fault]:
    for name in map(str, element.attrib):
        if name in SCHEMA_LOCATIONS or (form is EMBEDDED and name.startswith("{")):
            continue
        message = f"`{local(element)}` has the attribute {quoted(name)}, which the standard does not allow; remove it."
        yield Fault("elements", element, where, message)


def _value(element: etree._Element, where: str, form: Value) -> Iterator[Fault]:
    name, written = local(element), " ".join(_WORDS.findall(element.text or ""))
    if len(element):
        yield Fault("elements", element, where, f"`{name}` contains elements; write text only.")
    elif not form.is_right(written):
        message = f"`{name}` is {quoted(written) if written else 'empty'}; {form.advice}."
        yield Fault("advice" if form.is_advised else "value", element, where, message)


def _children(element: etree._Element, where: str, form: tuple[Part | OneOf, ...]) -> Iterator[Fault]:
    known = {part.name: (number, part) for number, slot in enumerate(form) for part in slot.parts}
    own, count, first = namespace_of(element), Counter[int](), dict[int, tuple[etree._Element, str]]()
    for child, place in places(element, where):
        name = local(child) if namespace_of(child) == own else "*" if namespace_of(child) else ""
        if name not in known:
            yield Fault("elements", child, place, _stranger(child, element))
            continue
        number, part = known[name]
        later = next((other for other in first if other > number), None)
        if later is not None and "*" in known and later == known["*"][0]:
            early, there = first.pop(later)  # told once, not of each element behind it
            message = f"{quoted(local(early))} comes too early; move it to the end of `{local(element)}`."
            yield Fault("elements", early, there, message)
        elif later is not None:
            message = f"`{local(child)}` comes too late; move it before `{local(first[later][0])}`."
            yield Fault("elements", child, place, message)
        elif form[number].most == 1 and count[number]:
            message = f"`{local(child)}` comes in addition to `{local(first[number][0])}`; keep one of them."
            yield Fault("elements", child, place, message)
        count[number] += 1
        first.setdefault(number, (child, place))
        yield from faults(child, place, part.form)
    for number, slot in enumerate(form):
        if count[number] < slot.least:
            names = " or ".join(
                "an element of another namespace" if p.name == "*" else f"`{p.name}`" for p in slot.parts
            )
            yield Fault("elements", element, where, f"`{local(element)}` has no {names}; add it.")


def _stranger(child: etree._Element, parent: etree._Element) -> str:
    if not namespace_of(child):
        return f"{quoted(local(child))} is in no namespace; declare its namespace."
    if namespace_of(child) == namespace_of(parent):
        return f"`{local(parent)}` may not contain {quoted(local(child))}; remove it."
    return f"{quoted(local(child))} is in another namespace, which `{local(parent)}` does not allow; move or remove it."
