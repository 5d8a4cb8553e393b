"""Pictures of cards: fetched or taken out of their alert, checked, decoded in a child process, and made the same for all.

``walk`` does the work, ``fetch`` asks strangers, ``embedded`` reads alerts, ``child`` starts ``decode``, ``jpeg`` looks at what the
child gives back. Nothing is imported here: the child begins with this package, and must begin fast.
"""
