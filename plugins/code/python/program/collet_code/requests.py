"""Requests to the server: waited for, or awaited several at once."""
import os
import weakref

import collet_tool

from .values import find_problem

# as many as the server serves at once
MOST_REQUESTS = 64
PROCESS = os.getpid()


class ToolError(Exception):
    """A tool, or another request to the server, failed: `message`, and `tool`, `data` and `code` where there are any."""

    # as tracebacks call it: by its name alone
    __module__ = "__main__"

    def __init__(self, message, data=None, code=None, tool=None):
        super().__init__(message)
        self.message = message
        #: The name of the tool, if it was one.
        self.tool = tool
        self.data = data
        self.code = code


def ask(method, params, take):
    if os.getpid() != PROCESS:
        raise ToolError("Cannot reach the server from a process that was forked: use threads or asyncio")
    try:
        return collet_tool._open().ask(method, params, take)
    except (TypeError, ValueError, RecursionError) as error:
        problem = find_problem(params.get("arguments", params), "") or str(error)
        tool = tool_of(method, params)
        failed = TypeError("Cannot %s: %s" % ("send " + method if tool is None else "call tool " + tool, problem))
    except collet_tool.HostError as error:
        failed = failure_of(error, method, params)
    raise failed


def take_result(reply, method, params):
    try:
        return collet_tool.result_of(reply)
    except collet_tool.HostError as error:
        failed = failure_of(error, method, params)
    raise failed


def failure_of(error, method, params):
    return ToolError(str(error), error.data, error.code, tool_of(method, params))


def tool_of(method, params):
    return params["name"] if method == "tools/call" else None


def wait_for(method, params):
    from queue import SimpleQueue

    replies = SimpleQueue()
    message = ask(method, params, replies.put)
    try:
        reply = replies.get()
    finally:
        collet_tool._open().forget(message)
    return take_result(reply, method, params)


SLOTS = weakref.WeakKeyDictionary()


async def await_for(method, params):
    import asyncio

    loop = asyncio.get_running_loop()
    if loop not in SLOTS:
        # beyond it the server reads no more, and the loop would stand still with a request that is not read
        SLOTS[loop] = asyncio.Semaphore(MOST_REQUESTS)
    async with SLOTS[loop]:
        future = loop.create_future()

        def settle(reply):
            if not future.done():
                future.set_result(reply)

        def take(reply):
            try:
                loop.call_soon_threadsafe(settle, reply)
            except RuntimeError:  # the loop is closed, and nobody waits
                pass

        message = ask(method, params, take)
        try:
            reply = await future
        finally:
            collet_tool._open().forget(message)
    return take_result(reply, method, params)


class Function:
    """Asks the server, and waits for it; `.aio(...)` is the same to be awaited, several at once."""

    def __init__(self, prepare, name=None):
        self._prepare = prepare
        self.__name__ = self.__qualname__ = name or prepare.__name__
        self.__doc__ = prepare.__doc__

    def __call__(self, *args, **kwargs):
        method, params, pick = self._prepare(*args, **kwargs)
        return pick(wait_for(method, params))

    async def aio(self, *args, **kwargs):
        method, params, pick = self._prepare(*args, **kwargs)
        return pick(await await_for(method, params))

    def __repr__(self):
        return "<function %s of the server>" % self.__name__


def whole(result):
    return result


def item(name):
    return lambda result: result[name]
