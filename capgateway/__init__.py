"""capgateway: AMBER Alerts from government CAP feeds, delivered to a platform as signed webhooks.

How an alert walks, and where to find each step::

    feed ─▶ feeds      fetch what sources announce; list entries, cut documents out of wrappers
         ─▶ cap        bytes in, Alert and findings out                                       (pure)
         ─▶ places     SAME, UGC, SGC codes: which regions are meant                          (pure)
         ─▶ cards      gist and draft of an alert; what becomes of it; what the card says     (pure)
         ─▶ examine    all that of one document, before any transaction
         ─▶ store      one unit of work: the chain's gists, the decision, rows, messages, lanes
         ─▶ webhooks   messages, signatures, retries, one POST                                ─▶ receiver

Three walks use them, and none knows the others: ``ingest`` (feed to store), ``dispatch`` (store to receiver), ``operate``
(what a new policy, an upgrade or an operator changes in what is stored). Beside them: ``config`` (TOML to settings),
``service`` (build, run, stop), ``web`` (API, health, metrics), ``simulate`` (a feed and a receiver to try things on),
``cli``; below them ``net``, ``log``, ``metrics``, ``shipped``, ``ids``, ``clock``, ``errors``, ``masking``.

This package imports nothing by itself, so that ``capgateway validate`` starts fast.
"""
