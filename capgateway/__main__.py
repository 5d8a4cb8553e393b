"""The command ``capgateway``, also as ``python -m capgateway``."""

from __future__ import annotations

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Start the command line. Modules that are being imported make no garbage: looking for some would take a tenth of the
    time that a short command takes. The command line looks again when it has its command."""
    gc.disable()
    from capgateway.cli import main as start  # noqa: PLC0415

    start()


if __name__ == "__main__":
    main()
