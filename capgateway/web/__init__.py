"""The gateway over HTTP: health, metrics, and a JSON page for each question. Reads the store, changes nothing."""

from capgateway.web.app import make_app, serve
from capgateway.web.gateway import Gateway

__all__ = ["Gateway", "make_app", "serve"]
