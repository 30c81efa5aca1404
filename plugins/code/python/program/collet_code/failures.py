"""What is told of code that failed: its traceback, in its own lines."""
import os
import traceback

import collet_tool

from .remedies import remedy_of
from .top_level import FILE
from .values import check_json

# of characters
MOST_TRACE = 8000
# of bytes
MOST_DATA = 1 << 20
TOOL_FILE = collet_tool.run.__code__.co_filename
# as the files of the program are called in tracebacks
OWN_FOLDER = os.path.dirname(os.path.dirname((lambda: None).__code__.co_filename))


def describe(error, source):
    """Gives the failure that an exception is: its traceback in the lines of the code, and how it is mended."""
    try:
        told = traceback.TracebackException.from_exception(error)
        leave_out_own(told, set())
        text = "".join(told.format()).rstrip("\n")
    except Exception as other:  # an exception that cannot be shown
        text = "%s, which cannot be shown: %s" % (type(error).__name__, type(other).__name__)
    if len(text) > MOST_TRACE:
        text = "%s\n…\n%s" % (text[:MOST_TRACE // 4], text[-(MOST_TRACE // 4 * 3):])
    failure = {"message": text + remedy_of(error, text, source)}
    data = data_of(error)
    if isinstance(data, dict) and check_json(data, "tell", MOST_DATA) is None:
        failure["data"] = data
    return failure


def data_of(error):
    try:
        return error.data
    except Exception:
        return None


def leave_out_own(told, seen):
    if told is None or id(told) in seen:
        return
    seen.add(id(told))
    files = [frame.filename for frame in told.stack]
    # what runs the code, such as asyncio, is above its first line
    first = files.index(FILE) if FILE in files else 0
    told.stack[:] = [frame for frame in told.stack[first:] if not is_own(frame.filename)]
    for other in [told.__cause__, told.__context__, *(getattr(told, "exceptions", None) or ())]:
        leave_out_own(other, seen)


def is_own(filename):
    return filename == TOOL_FILE or filename.startswith(OWN_FOLDER + os.sep)


def describe_exit(error):
    """Gives the failure that an exit is; None when it is none."""
    if error.code is None or error.code == 0:
        return None
    how = "sys.exit(%.1000r)" % (error.code,)
    return {"message": "The code ended itself by %s" % how}
