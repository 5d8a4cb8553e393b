"""The console: pages for people, made on the server, that read and act without any script.

To add a page, write a module with ``routes`` whose pages end in ``return await render.page(request, "name.html", …)``, a
template that extends ``base.html``, and name the module in :data:`PARTS` and its address in :data:`render.NAVIGATION`. What
changes something is a page marked with :func:`forms.action`, reached by the macro ``act`` of ``parts.html``.
"""

from capgateway.web.console import (
    acts,
    alerts,
    assets,
    audit,
    cards,
    feeds,
    login,
    overview,
    quarantine,
    receivers,
    report,
    validate,
)
from capgateway.web.console.trouble import as_page

PARTS = (assets, login, overview, cards, acts, alerts, quarantine, feeds, receivers, audit, report, validate)

__all__ = ["PARTS", "as_page"]
