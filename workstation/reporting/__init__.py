"""Reports on disk: the journal of every word, immutable signed versions, and the outbox.

One SQLite file, apart from the image cache: it holds work that exists nowhere else.
"""
