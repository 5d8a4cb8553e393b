"""capgateway: AMBER Alerts from government CAP feeds, delivered to a platform as signed webhooks.

How an alert walks, and where to find each step::

    feed ─▶ feeds      fetch what sources announce; list entries, cut documents out of wrappers
         ─▶ cap        bytes in, Alert and findings out                                  (pure)
         ─▶ places     SAME, UGC, SGC codes: which regions are meant                     (pure)
         ─▶ cards      is it AMBER, what does the card say, how does it live and end     (pure)
         ─▶ store      one transaction: alert, card revision, messages, deliveries
         ─▶ webhooks   messages, signatures, lanes, retries, one POST                    ─▶ receiver

Two walks use them: ``ingest`` (feed to store) and ``dispatch`` (store to receiver).
Beside them: ``config`` (TOML to settings), ``service`` (build, run, stop), ``web`` (API, health, metrics),
``simulate`` (a feed and a receiver to try things on), ``cli``; below them ``net``, ``log``, ``metrics``, ``errors``.

This package imports nothing by itself, so that ``capgateway validate`` starts fast.
"""
