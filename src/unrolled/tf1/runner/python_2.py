"""What Python 2 had and Python 3 lacks: modules, builtins and methods of a dict."""

from __future__ import annotations

TOOL = "`2to3 -w` of Python 3.12 and before"
DIVISION = "/ between whole numbers was // in Python 2, which 2to3 does not change"

# A program that imports or uses any of these was not written for Python 3 alone.
MODULES = {
    "ConfigParser": "configparser",
    "Queue": "queue",
    "StringIO": "io",
    "Tkinter": "tkinter",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
}
BUILTINS = {
    "StandardError": "Exception",
    "apply": "function(*arguments)",
    "basestring": "str",
    "buffer": "memoryview",
    "cmp": "(a > b) - (a < b)",
    "execfile": "exec(open(path).read())",
    "file": "open",
    "intern": "sys.intern",
    "long": "int",
    "raw_input": "input",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "unichr": "chr",
    "unicode": "str",
    "xrange": "range",
}
# Each with the number of its arguments.
METHODS = {
    "has_key": (1, "`key in dict`"),
    "iteritems": (0, "dict.items()"),
    "iterkeys": (0, "dict.keys()"),
    "itervalues": (0, "dict.values()"),
}


def module(name: str) -> str | None:
    """A sentence on a module of Python 2; None on any other."""
    instead = MODULES.get(name)
    return instead and f"{name} is a module of Python 2; use {instead}."


def builtin(name: str) -> str | None:
    """A sentence on a builtin of Python 2; None on any other."""
    instead = BUILTINS.get(name)
    return instead and f"{name} is a builtin of Python 2; use {instead}, which {TOOL} puts there."


def method(name: str) -> str | None:
    """A sentence on a method that a dict had in Python 2; None on any other."""
    if name not in METHODS:
        return None
    return f"dict.{name} is a method of Python 2; use {METHODS[name][1]}, which {TOOL} puts there."


def hint(error: BaseException) -> str | None:
    """What to say of an error that a program of Python 2 meets; None of any other."""
    if isinstance(error, NameError):
        said = builtin(error.name or "")
    elif isinstance(error, ModuleNotFoundError):
        said = module(error.name or "")
    elif isinstance(error, AttributeError) and isinstance(error.obj, dict):
        said = method(error.name or "")
    else:
        said = None
    return said and f"{said} {DIVISION}."
