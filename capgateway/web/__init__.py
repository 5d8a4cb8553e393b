"""The gateway over HTTP: health, metrics, and a JSON page for each question. What changes something
is asked of the running parts (:class:`Operations`); the rest only reads the store."""

from capgateway.web.app import make_app, serve
from capgateway.web.gateway import Gateway, Operations, Reloaded

__all__ = ["Gateway", "Operations", "Reloaded", "make_app", "serve"]
