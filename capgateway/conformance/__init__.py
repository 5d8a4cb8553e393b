"""Does a receiver keep its rules? Real, signed requests to it, and what its answers show.

::

    bench: exercise cards, signed as asked ─▶ wire: one guarded POST ─▶ checks ─▶ run: results, and all cards taken down
"""
