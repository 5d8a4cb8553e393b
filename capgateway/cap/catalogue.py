"""All rules by id, for ``capgateway rules`` and ``docs/conformance.md``. Imports everything, so validation does without it."""

from __future__ import annotations

from capgateway.cap import broken, encoding, explain, names, read, signature, xml
from capgateway.cap.profiles import cap_au, cap_cp, every, ipaws
from capgateway.cap.rule import Rule
from capgateway.cap.rules import area, blocks, dates, info, lists, message, references, resource

_MODULES = (
    xml,
    encoding,
    names,
    explain,
    read,
    dates,
    message,
    references,
    lists,
    info,
    blocks,
    resource,
    area,
    every,
    ipaws,
    cap_cp,
    cap_au,
    signature,
    broken,
)

#: Those of one module together: one that imports another's rule comes after it in the list.
RULES: dict[str, Rule] = {
    rule.id: rule for module in _MODULES for rule in vars(module).values() if isinstance(rule, Rule)
}
