"""A first model, whole: it is trained, measured, registered, promoted, served and watched.

``data`` and ``model`` are plain functions, ``steps`` puts them in order, ``serve`` answers requests. None of them
knows which tool keeps the models: that is ``registry``, a contract and a module for each tool. ``docs/app.md`` tells
the story, ``python -m app --help`` lists the commands.
"""
