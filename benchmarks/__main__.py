"""``make bench``: run every benchmark, or those named: ``make bench ARGS="polling validation"``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> None:
    """Run the named benchmarks, all of them when none is named."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    for name in names or known:
        module = import_module(f"benchmarks.{name}")
        if hasattr(module, "main"):
            print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}")
            module.main()


main(sys.argv[1:])
