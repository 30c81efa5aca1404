"""Runs Python code that a client wrote and that calls tools of a server (Python 3.8 or newer, standard library only).

The arguments of the request are {"code", "tools", "session"?, "most_bytes"}. The answer is {"value"?, "session"}, where
there is a value when the code returned one, or {"failure": {"message", "data"?}}.
"""
import builtins
import io
import linecache
import os
import sys
import types

import collet_tool
from collet_code.failures import describe, describe_exit
from collet_code.requests import PROCESS, ToolError
from collet_code.surroundings import Files, Memory, Prompts, Resources, elicit, progress, refuse_input, sample
from collet_code.tools import Tools
from collet_code.top_level import FILE, compile_code, execute
from collet_code.values import check_json


def open_scope(arguments):
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    scope = module.__dict__
    tools = Tools(arguments["tools"])
    named = [it for it in arguments["tools"] if it.get("identifier") is not None]
    scope.update({it["identifier"]: tools[it["name"]] for it in named})
    scope.update(
        tools=tools, resources=Resources(), prompts=Prompts(), memory=Memory(), files=Files(), elicit=elicit,
        sample=sample, progress=progress, session=arguments.get("session", {}), ToolError=ToolError,
        __builtins__=builtins,
    )
    return scope


def run(arguments):
    source = arguments["code"]
    linecache.cache[FILE] = (len(source), None, lines_of(source), FILE)
    builtins.input = refuse_input
    sys.argv[:] = [FILE]
    sys.path[0] = os.getcwd()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    scope = open_scope(arguments)
    try:
        start = compile_code(source)
    except Exception as error:
        # no line of it was reached
        return {"failure": describe(error.with_traceback(None), source)}
    answer = {}
    try:
        returned = execute(start, scope)
        if returned is not None:
            answer["value"] = returned[0]
    except SystemExit as error:
        answer["failure"] = describe_exit(error)
    except BaseException as error:
        answer["failure"] = describe(error, source)
    if os.getpid() != PROCESS:
        # a process that was forked and came here; the answer is that of the other
        leave()
    if answer.get("failure") is None:
        # where none is kept, the name is free for anything
        session = scope.get("session") if "session" in arguments else {}
        answer = conclude(answer, session, arguments["most_bytes"])
    flush()
    return answer


def lines_of(source):
    # as Python reads them from a file: tracebacks count on the end of the last one
    lines = [*io.StringIO(source, newline=None)]
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def conclude(answer, session, most_bytes):
    problem = check_json(answer["value"], "return the value", most_bytes) if "value" in answer else None
    if problem is None and not isinstance(session, dict):
        problem = "Cannot keep the session: it is a %s, expected a dict" % type(session).__name__
    problem = problem or check_json(session, "keep the session", most_bytes)
    if problem is not None:
        return {"failure": {"message": problem}}
    answer.pop("failure", None)
    return dict(answer, session=session)


def flush():
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except Exception:  # the code has closed it, or put something else in its place
            setattr(sys, name, io.StringIO())


def leave():
    flush()
    # threads that go on are not waited for, and what they print is nobody's
    os._exit(0)


try:
    collet_tool.run(run)
finally:
    leave()
