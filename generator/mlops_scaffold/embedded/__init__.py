"""Runs a Pulumi Python program without the Pulumi CLI, an account, a cluster or a network.

The code here runs in the *project's* interpreter, as the package ``mlops_embedded`` (see ``__main__.py``). It may
import the standard library, pulumi and the installed provider SDKs, and nothing of ``mlops_scaffold``.

One module a concept: ``server`` forks a process a request, ``run`` runs one program in it, ``monitor`` stands where the
Pulumi engine stands (with ``host``, ``registration``, ``providers`` and ``transforms``), ``wire`` is the form of values
between the two, ``placeholders`` and ``answers`` are what a cloud would have said (by ``looks`` and ``tables``),
``schema`` reads the provider SDK's annotations, ``check`` and ``leaks`` find mistakes in what the program asked for,
``failure`` explains an exception.

What is imitated was read in the engine at v3.274.1 (``pkg/resource/deploy``) and is held to it by ``tests/engine``.
"""
