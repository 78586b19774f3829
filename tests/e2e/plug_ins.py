"""Starts the algorithm servers of tests/plugins, which are not built but interpreted."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import programs

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "plugins"


def _python_server(script, *arguments):
    for module, package in (("grpc", "python3-grpcio"), ("numpy", "python3-numpy")):
        if importlib.util.find_spec(module) is None:
            raise unittest.SkipTest(f"{package} is not installed")
    modules = {"PYTHONPATH": os.environ["KVWIRE_PLUGIN_MODULES"]}
    return programs.Service(
        sys.executable, "-B", FOLDER / script, *arguments, "127.0.0.1:0", environment=modules
    )


def python_server():
    return _python_server("python/server.py")


def broken_server(fault):
    return _python_server("broken_server.py", fault)


def node_server():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        raise unittest.SkipTest("node and npm are not installed")
    packages = {"NODE_PATH": os.environ["KVWIRE_NODE_PACKAGES"]}
    return programs.Service(node, FOLDER / "node/server.js", "127.0.0.1:0", environment=packages)


def conformance(first, second, *arguments, expected_code=0):
    """The report of `kvwire conformance` on two processes of one server."""
    return programs.judged(
        "conformance", "--algorithm-endpoint", first.listening,
        "--restore-endpoint", second.listening, *arguments, expected_code=expected_code,
    )


def cases(report, outcome):
    """The names of the cases with this outcome, of all tables."""
    return {
        case["case"]
        for table in report["tables"]
        for case in table["cases"]
        if case["outcome"] == outcome
    }
