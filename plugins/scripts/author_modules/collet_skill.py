"""Helps the scripts of skills: makes results, and runs a function as a program.

Python 3.7 or newer, standard library only.

    from collet_skill import run_main, skill_entry, skill_success

    @skill_entry
    def greet(name="you", **kwargs):
        return skill_success("Greeted", greeting="Hello, " + name)

    if __name__ == "__main__":
        run_main(greet)

Arguments are a JSON object on stdin, or `--name Ada` on the command line; one line of JSON comes out. A result is a
dict with the keys success, message, prompt, error and context. The names are those of dcc_mcp_core, which leads here
where that package is not installed.
"""
import enum
import functools
import json
import os
import sys
from collections.abc import Mapping

__all__ = [
    "SerializeFormat", "ToolResult", "deserialize_result", "error_result", "from_exception", "run_main",
    "serialize_result", "skill_entry", "skill_error", "skill_exception", "skill_success", "skill_warning",
    "success_result", "validate_action_result",
]

_RECOVERY_HINT = "Read the error, mend what it names and call the tool again"
_FIELDS = ("success", "message", "prompt", "error", "context")
#: CO_COROUTINE of the module inspect, which takes long to load.
_IS_ASYNC = 0x80
_MOST_ITEMS = 10
_MOST_LEVELS = 3
#: Applications, by the modules that come with them.
_APPLICATIONS = {
    "maya": "Maya", "pymel": "Maya", "hou": "Houdini", "houdini": "Houdini", "nuke": "Nuke", "bpy": "Blender",
    "blender": "Blender", "c4d": "Cinema 4D", "cinema4d": "Cinema 4D", "pymxs": "3ds Max", "3dsmax": "3ds Max",
    "unreal": "Unreal",
}


class ToolResult:
    """The result of a tool: whether it succeeded, a message for people, and data. Also reads like a mapping."""

    def __init__(self, success=True, message="", prompt=None, error=None, context=None):
        for name, value, kinds in (
            ("success", success, bool), ("message", message, str), ("prompt", prompt, (str, type(None))),
            ("error", error, (str, type(None))), ("context", context, (Mapping, type(None))),
        ):
            if not isinstance(value, kinds):
                raise TypeError("Cannot make a tool result: %r is of type %s" % (name, type(value).__name__))
        self.success = success
        self.message = message
        self.prompt = prompt
        self.error = error
        self.context = {} if context is None else dict(context)

    def to_dict(self):
        """Gives the result as a dict with all five keys."""
        return {name: getattr(self, name) for name in _FIELDS}

    def to_json(self, compact=False):
        """Writes the result as JSON; compact keeps ten items of each list and dict, and three levels of the context."""
        context = _compact(self.context, _MOST_LEVELS + 1) if compact else self.context
        return serialize_result(ToolResult(**dict(self.to_dict(), context=context)))

    def with_error(self, error):
        """Gives the same result as a failure."""
        return ToolResult(**dict(self.to_dict(), success=False, error=error))

    def with_context(self, **context):
        """Gives the same result with more data."""
        return ToolResult(**dict(self.to_dict(), context=dict(self.context, **context)))

    def get(self, name, default=None):
        """Gives a member by name."""
        return getattr(self, name) if name in _FIELDS else default

    def keys(self):
        """Gives the names of the members."""
        return list(_FIELDS)

    def __getitem__(self, name):
        if name not in _FIELDS:
            raise KeyError(name)
        return getattr(self, name)

    def __contains__(self, name):
        return name in _FIELDS

    def __iter__(self):
        return iter(_FIELDS)

    def __len__(self):
        return len(_FIELDS)

    def __eq__(self, other):
        return isinstance(other, ToolResult) and self.to_dict() == other.to_dict()

    __hash__ = None

    def __str__(self):
        return "Success: " + self.message if self.success else "Error: " + (self.error or self.message)

    def __repr__(self):
        return "ToolResult(success=%r, message=%r)" % (self.success, self.message)


class SerializeFormat(enum.Enum):
    """Formats in which results are written; MsgPack needs the package dcc-mcp-core."""

    Json = "json"
    MsgPack = "msgpack"


def success_result(message, prompt=None, **context):
    """Makes the result of a success."""
    return ToolResult(message=message, prompt=prompt, context=context)


def error_result(message, error, prompt=None, possible_solutions=None, **context):
    """Makes the result of a failure."""
    return ToolResult(False, message, prompt, error, _with_solutions(context, possible_solutions))


def from_exception(
    error_message, message=None, prompt=None, include_traceback=True, possible_solutions=None, **context
):
    """Makes the result of a failure of which only the text is known, such as "ValueError: bad frame"."""
    kind, colon, _ = error_message.partition(":")
    context["error_type"] = kind.strip() if colon and kind else "Exception"
    if include_traceback:
        context["traceback"] = error_message
    message = "Error: " + error_message if message is None else message
    return error_result(message, error_message, prompt or _RECOVERY_HINT, possible_solutions, **context)


def validate_action_result(value):
    """Makes a result of a value: a mapping is read as one, its other members go to the context; all else is a success.

    Raises TypeError when a member has the wrong type.
    """
    if isinstance(value, ToolResult):
        return value
    if not isinstance(value, Mapping):
        return ToolResult(message="The tool answered", context={"value": str(value)})
    result = ToolResult(**{name: value[name] for name in _FIELDS if name in value})
    result.context.update((name, member) for name, member in value.items() if name not in _FIELDS)
    return result


def serialize_result(result, format=SerializeFormat.Json):
    """Writes a result as JSON text.

    Raises TypeError when it is no ToolResult, ValueError when JSON cannot carry its context.
    """
    if not isinstance(result, ToolResult):
        raise TypeError("Cannot serialise the result: it is no ToolResult; make one of it by validate_action_result")
    _require_json(format)
    try:
        return json.dumps(_written(result), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError("Cannot serialise the result: %s" % error)


def deserialize_result(data, format=SerializeFormat.Json):
    """Reads a result from JSON text or its bytes.

    Raises TypeError when the data are neither, ValueError when they are corrupt or no result.
    """
    if not isinstance(data, (str, bytes, bytearray)):
        raise TypeError("Cannot read the result: the data are neither str nor bytes")
    _require_json(format)
    try:
        value = json.loads(data if isinstance(data, str) else bytes(data).decode("utf-8"))
        if not isinstance(value, dict):
            raise ValueError("it holds no object")
        return validate_action_result(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError("Cannot read the result from JSON: %s" % error)


def skill_success(message, *, prompt=None, **context):
    """Tells of a success."""
    return {"success": True, "message": message, "prompt": prompt, "error": None, "context": context}


def skill_error(message, error, *, prompt=None, possible_solutions=None, **context):
    """Tells of a failure."""
    return {
        "success": False,
        "message": message,
        "prompt": prompt or _RECOVERY_HINT,
        "error": error,
        "context": _with_solutions(context, possible_solutions),
    }


def skill_warning(message, *, warning="", prompt=None, **context):
    """Tells of a success that is not quite what was asked."""
    return skill_success(message, prompt=prompt, **dict(context, warning=warning))


def skill_exception(
    exc, *, message=None, prompt=None, include_traceback=True, possible_solutions=None, **context
):
    """Tells of an exception."""
    context["error_type"] = type(exc).__name__
    if include_traceback:
        import traceback

        context["traceback"] = "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))
    return {
        "success": False,
        "message": "Error: %s" % (_message_of(exc) or type(exc).__name__) if message is None else message,
        "prompt": prompt or _RECOVERY_HINT,
        "error": _text_of(exc),
        "context": _with_solutions(context, possible_solutions),
    }


def skill_entry(func):
    """Wraps a function, so that whatever it raises becomes a result."""
    if getattr(getattr(func, "__code__", None), "co_flags", 0) & _IS_ASYNC:
        @functools.wraps(func)
        async def wrapper(*args, **kwargs):
            try:
                return await func(*args, **kwargs)
            except BaseException as raised:  # an interruption is a result as well
                return _result_of(raised)
    else:
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            try:
                return func(*args, **kwargs)
            except BaseException as raised:  # an interruption is a result as well
                return _result_of(raised)

    wrapper._is_skill_entry = True
    return wrapper


def run_main(main_fn, argv=None):
    """Runs a function as a program: prints its result as one line of JSON, and exits with 0 for a success, else with 1.

    Its arguments are a JSON object on stdin, and `--key value` of the command line (`argv`, by default that of the
    process) where stdin does not name them. What it prints goes to stderr.
    """
    if os.environ.get("COLLET_TOOL_CODE") == "1":
        # it is run for what it prints, and has no request to answer: that is the module's, which takes it from stdin
        import collet_tool
    request_id = None
    with _Diversion():
        try:
            given, request_id = _read_input()
            result = main_fn(**_add_arguments(sys.argv[1:] if argv is None else argv, given))
            if hasattr(result, "__await__"):
                result = _wait_for(result)
        except BaseException as raised:  # whatever it is, who called waits for a line
            result = _failure_of(raised)
        line, success = _line_of(result)
    if request_id is not None:
        line = '{"jsonrpc":"2.0","id":%s,"result":%s}' % (json.dumps(request_id), line)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    sys.exit(0 if success else 1)


def _result_of(raised):
    if not isinstance(raised, ImportError):
        return _failure_of(raised)
    module = (raised.name or "").split(".")[0]
    application = _APPLICATIONS.get(module.lower())
    return skill_error(
        "%s is not available in this environment" % (application or module or "DCC"),
        _text_of(raised),
        prompt="Call the tool where the module can be loaded",
        possible_solutions=["Install the module where the interpreter of the script looks for it"]
        if application is None
        else ["Start %s" % application, "Run the script with the interpreter of %s" % application],
        error_type=type(raised).__name__,
    )


def _failure_of(raised):
    if isinstance(raised, Exception):
        return skill_exception(raised)
    kind = type(raised).__name__
    return skill_error("The tool was interrupted", _text_of(raised), prompt="Call the tool again", error_type=kind)


def _text_of(raised):
    kind, message = type(raised).__name__, _message_of(raised)
    return "%s: %s" % (kind, message) if message else kind


def _message_of(raised):
    try:
        return str(raised)
    except Exception:  # of a class that is wrong itself
        return ""


def _with_solutions(context, solutions):
    if solutions:
        context.setdefault("possible_solutions", list(solutions))
    return context


def _compact(value, levels):
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    if levels == 0:
        return "..."
    if isinstance(value, Mapping):
        return {name: _compact(member, levels - 1) for name, member in list(value.items())[:_MOST_ITEMS]}
    return [_compact(item, levels - 1) for item in value[:_MOST_ITEMS]]


def _require_json(format):
    if format is SerializeFormat.MsgPack:
        raise ValueError("Cannot use MessagePack: install the package dcc-mcp-core, or use SerializeFormat.Json")
    if format is not SerializeFormat.Json:
        raise TypeError("Cannot use the format %r: it is no SerializeFormat" % (format,))


def _written(result):
    return {name: member for name, member in result.to_dict().items() if member is not None}


class _Diversion:
    """Sends to stderr what is printed, also by programs that are started: stdout is for the result alone."""

    def __enter__(self):
        self._stdout = sys.stdout
        self._saved = None
        try:
            if sys.stdout.fileno() == 1:
                sys.stdout.flush()
                self._saved = os.dup(1)
                os.dup2(2, 1)
        except (AttributeError, OSError, ValueError):  # not that of a process, as in an application
            pass
        sys.stdout = sys.stderr

    def __exit__(self, *_):
        if self._saved is not None:
            # what was printed by an older reference to it
            self._stdout.flush()
            os.dup2(self._saved, 1)
            os.close(self._saved)
        sys.stdout = self._stdout


def _read_input():
    """Reads the arguments from stdin, and the id of the request where the script protocol is spoken."""
    if sys.stdin is None or sys.stdin.isatty():
        return {}, None
    stream = getattr(sys.stdin, "buffer", sys.stdin)
    # who speaks the script protocol leaves stdin open after the first line
    text = _decode(stream.readline())
    try:
        value = json.loads(text)
    except ValueError:
        text += _decode(stream.read())
        if not text.strip():
            return {}, None
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ValueError("Cannot read the arguments from stdin: it holds no JSON: %s" % error)
    request_id = None
    if isinstance(value, dict) and value.get("jsonrpc") == "2.0" and value.get("method") == "execute":
        request_id = value.get("id")
        value = (value.get("params") or {}).get("arguments") or {}
    if not isinstance(value, dict):
        raise TypeError("Cannot read the arguments from stdin: it holds no JSON object")
    return value, request_id


def _decode(data):
    return data if isinstance(data, str) else data.decode("utf-8-sig")


def _add_arguments(words, given):
    known = {name.replace("-", "_") for name in given}
    added = {}
    words = list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("--") or word == "--":
            raise TypeError("Cannot read the arguments: %r belongs to no key; write --key value" % word)
        name, equals, value = word[2:].partition("=")
        name = name.replace("-", "_")
        if not equals:
            # a value that is known may begin with --, so that it cannot be told from a key
            takes_next = words and (name in known or not words[0].startswith("--"))
            value = words.pop(0) if takes_next else "true"
        if name not in known:
            added[name] = _parse(value)
    return dict(added, **given)


def _parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _wait_for(awaitable):
    import asyncio

    async def wait():
        return await awaitable

    return asyncio.run(wait())


def _line_of(result):
    """Writes a result: what JSON does not have as text, and what cannot be written at all as a failure."""
    try:
        checked = validate_action_result(result)
        line = json.dumps(_written(checked), default=str)
        if "NaN" in line or "Infinity" in line:
            line = json.dumps(json.loads(line, parse_constant=str))
        return line, checked.success
    except Exception as error:
        return json.dumps(_written(validate_action_result(skill_exception(error)))), False
