"""Stands in for the package dcc-mcp-core: gives what scripts of skills use of it, from collet_skill.

It lies in a folder of PYTHONPATH, which comes before installed packages; where the real one is installed, that is
loaded in its place.
"""
import sys


def _find_real():
    """Finds the package as Python would, were this one not there."""
    import os

    own = os.path.realpath(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if os.path.realpath(folder) != own]
    try:
        # not by importlib.util.find_spec, which gives the package that is loaded: this one
        found = (finder.find_spec(__name__, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
        # without a loader it is a folder of that name and no package
        return next((spec for spec in found if spec is not None and spec.loader is not None), None)
    finally:
        sys.path[:] = path


def _give_way(spec):
    """Loads the real package in place of this one; tells whether it could be."""
    from importlib.util import module_from_spec

    own = sys.modules[__name__]
    real = module_from_spec(spec)
    sys.modules[__name__] = real
    try:
        spec.loader.exec_module(real)
        return True
    except ImportError as error:
        for name in [name for name in sys.modules if name.startswith(__name__ + ".")]:
            del sys.modules[name]
        sys.modules[__name__] = own
        sys.stderr.write("Cannot load the package dcc-mcp-core, collet_skill takes its place: %s\n" % error)
        return False


_real = _find_real()
if _real is None or not _give_way(_real):
    from collet_skill import *  # noqa: F401,F403
    from collet_skill import __all__  # noqa: F401
