"""HTTP with strangers: where we may connect, and how much of an answer we swallow.

``address``: which addresses are allowed · ``guard``: who watches over that · ``session``, ``stream``: sessions and streams
that connect to no others · ``names``: their look-ups · ``proxy``: the only way out, where there is one · ``tls``:
whom they trust and who they are · ``expiry``: until when · ``answers``: what surrounds a body, bounded · ``body``: bodies read to a limit ·
``trouble``: what went wrong, in one word · ``timing``: how long it took · ``descriptors``: how many connections the system allows.
"""

from capgateway.net.address import Networks, check_url, is_allowed, lies_in
from capgateway.net.body import read_bounded
from capgateway.net.descriptors import descriptor_limit, raise_descriptor_limit
from capgateway.net.expiry import authorities_end, certificate_end
from capgateway.net.proxy import read_proxy
from capgateway.net.session import TIMEOUT, new_session
from capgateway.net.stream import certificate_expires, open_stream
from capgateway.net.timing import Timing, watched
from capgateway.net.tls import Certificates, certificates, tls_context
from capgateway.net.trouble import TROUBLE, fetch_error

__all__ = [
    "TIMEOUT",
    "TROUBLE",
    "Certificates",
    "Networks",
    "Timing",
    "authorities_end",
    "certificate_end",
    "certificate_expires",
    "certificates",
    "check_url",
    "descriptor_limit",
    "fetch_error",
    "is_allowed",
    "lies_in",
    "new_session",
    "open_stream",
    "raise_descriptor_limit",
    "read_bounded",
    "read_proxy",
    "tls_context",
    "watched",
]
