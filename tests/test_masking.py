"""Keys in addresses are shown to nobody."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from ipaddress import ip_network

import msgspec
import pytest

from capgateway import log, net
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.feeds.http.fetch import FetchFailed, fetch
from capgateway.masking import credentials, hide, mask_addresses, mask_paths, mask_query

KEY = "k-3141592653"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://x.example/feed", "https://x.example/feed"),
        (f"https://x.example/feed?key={KEY}", "https://x.example/feed?key=[hidden]"),
        (f"https://x.example/feed?{KEY}", "https://x.example/feed?[hidden]"),
        (f"https://x.example/?a=1&key={KEY}#top", "https://x.example/?a=[hidden]&key=[hidden]"),
        (f"https://x.example/?a=1;key={KEY}", "https://x.example/?a=[hidden]&key=[hidden]"),
        (f"https://x.example/?key=a={KEY}?b={KEY}", "https://x.example/?key=[hidden]"),
        (f"https://me:{KEY}@x.example/", "https://[hidden]@x.example/"),
        ("https://x.example/recent/{since}?pin=" + KEY, "https://x.example/recent/{since}?pin=[hidden]"),
        (f"tls://x.example:8443?key={KEY}", "tls://x.example:8443?key=[hidden]"),
        ("/var/spool/alerts", "/var/spool/alerts"),
        ("", ""),
    ],
)
def test_an_address_without_its_secrets(url: str, shown: str) -> None:
    """Names of parameters are kept, values and logins are not."""
    assert mask_query(url) == shown
    assert mask_addresses(f'before "{url}" after {url}') == f'before "{shown}" after {shown}'


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_log_line_has_a_key(format: log.Format) -> None:
    """Whoever logs an address, in a field, in words or by failing, logs it without the values of its query."""
    stream, url, logger = io.StringIO(), f"https://x.example/feed?key={KEY}", logging.getLogger("capgateway.test")
    before = logging.getLogger().handlers[:]
    try:
        log.set_up(format=format, stream=stream)
        log.event(logger, "feed.polled", url=url, trouble=f"no answer from {url}")
        log.event(logger, "feed.crashed", error=ValueError(url))
        logger.warning("asked %s", url)
    finally:
        logging.getLogger().handlers[:] = before
    assert stream.getvalue().count("key=[hidden]") >= 3
    assert KEY not in stream.getvalue()


@pytest.mark.parametrize(
    "url",
    [
        f"https://127.0.0.1/?key={KEY}",
        f"https://does-not-exist.invalid/?key={KEY}",
        f"http://127.0.0.1:1/?key={KEY}",
        f"https://[bad/?key={KEY}",
        f"https://x.example:99999/?key={KEY}",
        f"ftp://x.example/?key={KEY}",
        f"https://me:{KEY}@x.example/",
        f"nonsense?key={KEY}",
    ],
)
async def test_no_failure_of_a_feed_tells_its_key(url: str) -> None:
    """Whatever is wrong with an address, the sentence about it has no key."""
    loopback = (ip_network("127.0.0.0/8"),)
    for allowed in ((), loopback):
        feed = Feed(name="nws", kind="atom", url=url, allow_networks=allowed)
        async with net.new_session(user_agent="test", allow_networks=allowed) as session:
            failed = await fetch(session, url, feed=feed, now=utc_now())
        assert isinstance(failed, FetchFailed)
        assert KEY not in msgspec.json.encode(failed).decode()


def test_of_a_document_s_address_only_the_server_is_shown() -> None:
    """A page is often named after the child; what is no address stays."""
    assert mask_paths("what https://x.example:8/ada-testchild.xml?a=b leads to is not CAP") == (
        "what https://x.example:8/… leads to is not CAP"
    )
    assert mask_paths("no answer within 5 s") == "no answer within 5 s"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"https://x.example/?token={KEY}", f"no such token: {KEY}"),
        (f"https://x.example/?a=1&{KEY}", f"GET /?a=1&{KEY}"),
        (f"https://x.example/?key=a%20b%2F{KEY}", f"key 'a b/{KEY}' is wrong"),
        (f"https://x.example/?key=a+b+{KEY}", f"key 'a b {KEY}' is wrong"),
        (f"http://me-myself:{KEY}@x.example/", f"me-myself may not, not even with {KEY}"),
        (f"http://me-myself:{KEY}@x.example/", "Authorization: " + b64encode(f"me-myself:{KEY}".encode()).decode()),
        (f"https://x.example/?token={KEY}", f"cut off in the middle of {KEY[:7]}"),
        (f"https://[x/?token={KEY}", "not an address: https://x/?token=[hidden]"),
    ],
)
def test_what_a_server_repeats_is_hidden(url: str, said: str) -> None:
    """Logins and values of queries are hidden in whatever a server says, also decoded or cut off."""
    quiet = hide(said, credentials(url))
    assert "[hidden]" in quiet
    assert not any(part in quiet for part in (KEY[:7], "myself", b64encode(KEY.encode()).decode()[:8]))


def test_short_values_are_not_hidden() -> None:
    """They are not secrets, and hiding them would make every message unreadable."""
    assert hide("answered 500", credentials("https://x.example/?v=5&w=50", None)) == "answered 500"
