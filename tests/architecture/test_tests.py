"""Tests that could not fail are no tests."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def checks_something(function, others, seen=()):
    """Whether a function, or one of its file that it calls, asserts or expects an error or a warning."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if "assert" in name or name in ("raises", "warns", "deprecated_call", "gradcheck"):
                return True
            if name in others and name not in seen and checks_something(others[name], others, (*seen, name)):
                return True
    return False


def test_every_test_checks_something():
    idle = []
    for path in sorted(TESTS.rglob("test_*.py")):
        functions = {
            node.name: node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
        }
        tests = [function for name, function in functions.items() if name.startswith("test_")]
        idle += [f"{path.name}: {test.name}" for test in tests if not checks_something(test, functions)]
    assert idle == []
