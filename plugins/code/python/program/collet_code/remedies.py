"""What to write in place of what does not work in code: Python says that something is wrong, and not how it is mended."""
import builtins
import re

UNKNOWN_NAME = re.compile("name '(.+)' is not defined$")
# what JSON and JavaScript call them
OTHER_NAMES = {"null": "None", "undefined": "None"}
AWAIT = (
    "Functions of the server wait by themselves: leave out \"await\", or await their .aio(…), several at once by "
    "asyncio.gather(a.aio(…), b.aio(…))"
)
FENCE = "Leave out the lines with ```: they belong to Markdown, not to the code"
PACKAGES = """Packages are declared in the first lines of the code:
# /// script
# dependencies = ["%s"]
# ///"""


def remedy_of(error, told, source):
    """Gives what is put behind what is told of an exception; an empty text where that says all."""
    try:
        if isinstance(error, SyntaxError):
            return "\n" + FENCE if source.lstrip().startswith("```") else ""
        if isinstance(error, ModuleNotFoundError):
            return "\n" + PACKAGES % error.name.partition(".")[0]
        if isinstance(error, TypeError):
            return "\n" + AWAIT if is_not_awaited(error) else ""
        meant = None if "Did you mean" in told else meant_by(error)
        return "" if meant is None or meant in told.rpartition("\n")[2] else ". Did you mean: %r?" % meant
    except Exception:  # objects of the code that throw when they are looked at
        return ""


def is_not_awaited(error):
    text = str(error)
    if "can't be used in 'await' expression" in text:
        return True
    frame = last_frame(error)
    # values where asyncio takes what is to be awaited
    return frame is not None and frame.f_globals.get("__name__", "").startswith("asyncio.") and (
        "unhashable type" in text or "awaitable is required" in text or "a coroutine was expected" in text)


def meant_by(error):
    """Gives a name that is there, in place of one that is not; newer Pythons do so themselves."""
    if isinstance(error, NameError):
        found = UNKNOWN_NAME.match(str(error))
        frame = last_frame(error)
        if found is None or frame is None:
            return None
        return OTHER_NAMES.get(found.group(1)) or closest(
            found.group(1), [*frame.f_locals, *frame.f_globals, *dir(builtins)])
    # these attributes are there from Python 3.10 on
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    if isinstance(error, AttributeError) and isinstance(name, str) and owner is not None:
        return closest(name, dir(owner))
    return None


def closest(name, names):
    from difflib import get_close_matches

    # the way names are written differs from language to language
    plain = {other.replace("_", "").lower(): other for other in names if not other.startswith("_")}
    return next((plain[it] for it in get_close_matches(name.replace("_", "").lower(), [*plain], 1, 0.7)), None)


def last_frame(error):
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else trace.tb_frame
