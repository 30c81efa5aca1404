"""Speaks the script protocol of Collet for a tool written in Python (3.7 or newer, standard library only).

    from collet_tool import log, run

    def main(arguments):
        log("info", "Greeting", {"name": arguments["name"]})
        return {"greeting": "Hello, " + arguments["name"]}

    run(main)

What the handler returns is the result; what it raises fails the call. `print` goes to the log of the client. Every
function but `run` is used while the handler runs; they may be called from any thread. Code that is run for what it prints
needs no handler, and what it prints stays its output.
"""
import json
import os
import sys
import threading
from queue import SimpleQueue

__all__ = [
    "Cancelled", "HostError", "ToolFailure", "call_tool", "cancelled", "complete", "context", "elicit", "elicit_url",
    "fail", "get_prompt", "list_prompts", "list_resource_templates", "list_resources", "list_roots", "list_tools",
    "log", "memory", "on_cancel", "progress", "read_resource", "request", "run", "sample", "stream", "tool",
]

_CANCELLED = -32800
_FAILED = 1
# bytes of a message; a longer line ends the script
_MOST_BYTES = 16 * 1024 * 1024
_IS_PERSISTENT = os.environ.get("COLLET_TOOL_PERSISTENT") == "1"
# code that is run for what it prints; taken away, since a program that it starts is none
_IS_CODE = os.environ.pop("COLLET_TOOL_CODE", "") == "1"


class ToolFailure(Exception):
    """Fails the call with a message for whoever called; see `fail`."""

    def __init__(self, message, data=None, code=_FAILED):
        super().__init__(message)
        self.data = data
        self.code = code


class HostError(Exception):
    """A request to the server failed: its words, and `code` and `data` where it gave them."""

    def __init__(self, message, code=None, data=None):
        super().__init__(message)
        self.code = code
        self.data = data


class Cancelled(BaseException):
    """The call was cancelled. Like KeyboardInterrupt it is no Exception, so that it is not caught by chance."""


class Context:
    """What the script is told of its call."""

    def __init__(self):
        #: Arguments of the call, checked against the tool's schema.
        self.arguments = {}
        #: Paths of the folders that the client works in.
        self.roots = []
        #: Folder of this run, removed afterwards.
        self.working_directory = ""
        self.tool_name = ""
        self.tools_dir = ""
        self.environment = {}
        #: Tells by name which requests can succeed.
        self.capabilities = {}
        #: Token of a client that wants progress, else None.
        self.progress_token = None

    def _fill(self, params):
        self.__init__()
        told = params.get("context") or {}
        self.arguments = params.get("arguments")
        self.progress_token = (told.get("_meta") or {}).get("progressToken")
        for name in ("roots", "working_directory", "tool_name", "tools_dir", "environment", "capabilities"):
            setattr(self, name, told.get(name, getattr(self, name)))


class _Session:
    """The conversation with the server: one thread reads, any thread may ask."""

    def __init__(self):
        sys.stdout.flush()
        self._output = os.fdopen(os.dup(1), "wb")
        # replies are for nobody else who reads
        self._input = os.dup(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        if not _IS_CODE:
            # what is printed here, or by a program that is started, must not be taken for a message
            os.dup2(2, 1)
        self.first = SimpleQueue()
        self.reason = None
        self.broken = None
        self._lock = threading.Lock()
        self._end = None
        self._last_id = 0
        self._pending = {}
        self._listeners = []
        threading.Thread(target=self._read, name="collet_tool", daemon=True).start()

    def send(self, message):
        line = encode(message)
        if len(line) > _MOST_BYTES and "method" in message:
            raise ValueError("the message has %d bytes as JSON, and %d is the limit" % (len(line), _MOST_BYTES))
        with self._lock:
            if _IS_CODE:
                # what was printed before comes before
                sys.stdout.flush()
            self._output.write(line)
            self._output.flush()

    def check(self):
        if self.reason is not None:
            raise Cancelled(self.reason)

    def notify(self, method, params):
        self.check()
        given = {name: value for name, value in params.items() if value is not None}
        self.send({"jsonrpc": "2.0", "method": method, "params": given})

    def request(self, method, params):
        waiting = SimpleQueue()
        message_id = self.ask(method, params, waiting.put)
        try:
            reply = waiting.get()
        finally:
            self.forget(message_id)
        return result_of(reply)

    def ask(self, method, params, take):
        """Sends a request; `take` gets the reply for `result_of`, on another thread, unless `forget` is called before."""
        with self._lock:
            if self._end is not None:
                raise self._end()
            self._last_id += 1
            message_id = self._last_id
            self._pending[message_id] = take
        try:
            self.send({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        except BaseException:
            self.forget(message_id)
            raise
        return message_id

    def forget(self, message_id):
        self._pending.pop(message_id, None)

    def on_cancel(self, listener):
        with self._lock:
            if self.reason is None:
                self._listeners.append(listener)
                return
        listener()

    def _read(self):
        try:
            for line in _lines_of(self._input):
                self._take(json.loads(line.decode("utf-8")))
        except Exception as error:  # what is nested too deeply for Python; whoever waits must hear of it
            self.broken = "Cannot read what the server sends: %s" % error
        self._finish(lambda: HostError(self.broken or "The server has closed the connection"))
        self.first.put(None)

    def _take(self, message):
        method = message.get("method")
        if method == "execute":
            self.first.put(message)
        elif method == "notifications/cancelled":
            self._cancel((message.get("params") or {}).get("reason") or "The call was cancelled")
        elif method is None:
            take = self._pending.get(message.get("id"))
            if take is not None:
                take(message)

    def _cancel(self, reason):
        with self._lock:
            self.reason = reason
            listeners, self._listeners = self._listeners, []
        self._finish(lambda: Cancelled(reason))
        for listener in listeners:
            listener()

    def _finish(self, error):
        with self._lock:
            self._end = self._end or error
            for take in list(self._pending.values()):
                take(self._end)


def _lines_of(descriptor):
    rest = bytearray()
    while True:
        try:
            # not by sys.stdin: its lock, held while it waits, would keep Python from ending
            piece = os.read(descriptor, 65536)
        except OSError:
            piece = b""
        if not piece:
            return
        start = len(rest)
        rest += piece
        while True:
            end = rest.find(b"\n", start)
            if end < 0:
                break
            line = bytes(rest[:end])
            del rest[:end + 1]
            start = 0
            yield line


def encode(message):
    # NaN and Infinity, which Python would write, are no JSON
    return (json.dumps(message, allow_nan=False, separators=(",", ":")) + "\n").encode("ascii")


def result_of(reply):
    """Gives the result of a reply, or raises what failed."""
    if callable(reply):
        raise reply()
    error = reply.get("error")
    if error is not None:
        raise HostError(str(error.get("message")), error.get("code"), error.get("data"))
    result = reply.get("result")
    # revision 1 of the protocol tells of a failure in the result; beside "error" an elicitation has its "action"
    if isinstance(result, dict) and isinstance(result.get("error"), str) and set(result) <= {"error", "action"}:
        raise HostError(result["error"])
    return result


context = Context()
_session = None


def _open():
    if _session is None:
        raise RuntimeError("Cannot talk with the server: use run(handler), and call this from the handler")
    return _session


def run(handler):
    """Runs the handler with the arguments of the call, and answers with what it returns or raises.

    A handler may be `async`; the functions of this module wait for the server all the same. In a tool that is persistent
    it runs for one call after the other, and what it keeps in variables outlives a call.
    """
    global _session
    if _IS_CODE:
        return _print_result(handler)
    if _session is not None:
        raise RuntimeError("Cannot run a second handler: a script has one")
    _session = _Session()
    message = _session.first.get()
    if message is None:
        raise SystemExit(_session.broken or "Cannot run the tool: no request came on stdin")
    while message is not None:
        answer = _answer_to(message, handler)
        sys.stdout.flush()
        _session.send(answer)
        message = _session.first.get() if _IS_PERSISTENT else None


def _print_result(handler):
    result = handler(context.arguments)
    if hasattr(result, "__await__"):
        result = _wait_for(result)
    if result is not None:
        print(result if isinstance(result, str) else json.dumps(result))


def _begin_code():
    """Opens the conversation for code, which needs no handler to talk."""
    global _session
    _session = _Session()
    context._fill((_session.first.get() or {}).get("params") or {})


def _answer_to(message, handler):
    context._fill(message.get("params") or {})
    answer = {"jsonrpc": "2.0", "id": message.get("id")}
    try:
        result = handler(context.arguments)
        if hasattr(result, "__await__"):
            result = _wait_for(result)
        answer["result"] = result
        encode(answer)
    except ToolFailure as failure:
        answer = _failed(answer, failure.code, str(failure), failure.data)
    except Cancelled as reason:
        answer = _failed(answer, _CANCELLED, str(reason))
    except Exception as error:  # whatever the handler raised is the answer
        import traceback

        traceback.print_exc()
        name = type(error).__name__
        answer = _failed(answer, _FAILED, str(error) if type(error) is Exception else "%s: %s" % (name, error))
    return answer


def _failed(answer, code, message, data=None):
    error = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": answer["id"], "error": error}


def _wait_for(awaitable):
    import asyncio

    async def wait():
        return await awaitable

    return asyncio.run(wait())


def tool(handler):
    """Runs a handler at once, as `run` does: a decorator for the last function of the file."""
    run(handler)
    return handler


def fail(message, data=None, code=_FAILED):
    """Fails the call with a message, and data that is JSON."""
    raise ToolFailure(message, data, code)


def cancelled():
    """Tells whether the call was cancelled. The next request, log or progress then raises `Cancelled`."""
    return _open().reason is not None


def on_cancel(listener):
    """Calls a function without arguments when the call is cancelled, on another thread."""
    _open().on_cancel(listener)


def log(level, message, data=None):
    """Writes to the log of the client; levels are those of MCP: debug, info, notice, warning, error and above."""
    _open().notify("log", {"level": level, "message": message, "data": data})


def progress(current, total=None, message=None):
    """Tells how far the call has come; `current` must rise."""
    _open().notify("progress", {"current": current, "total": total, "message": message})


def stream(data, is_final=None):
    """Gives a piece of the result as it comes; joined they are the result of a handler that returns None."""
    _open().notify("stream", {"data": data, "is_final": is_final})


def request(method, params=None):
    """Sends any request of the protocol, and gives the `result` of the reply.

    Raises HostError when it fails, in the server's own words.
    """
    return _open().request(method, params or {})


def call_tool(name, arguments=None):
    """Calls another tool, and gives its value."""
    return request("tools/call", {"name": name, "arguments": arguments or {}})["output"]


def elicit(message, schema):
    """Asks the user for what a schema describes: {"action": "accept" | "decline" | "cancel", "content": {…}}."""
    return request("elicitation/create", {"message": message, "requestedSchema": schema})


def elicit_url(message, url):
    """Asks the user to open a page: {"action": …}."""
    return request("elicitation/create", {"mode": "url", "message": message, "url": url})


def sample(messages, max_tokens, **options):
    """Asks the model of the client: {"role", "content", "model", "stopReason"}.

    `messages` are those of MCP, or one text; options are those of MCP in snake_case, such as system_prompt.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": {"type": "text", "text": messages}}]
    params = {_camel(name): value for name, value in options.items()}
    return request("sampling/createMessage", dict(params, messages=messages, maxTokens=max_tokens))


def _camel(name):
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def list_tools():
    """Lists the tools that the client sees, as MCP has them."""
    return request("tools/list")["tools"]


def list_resources():
    """Lists the resources that the client sees, as MCP has them."""
    return request("resources/list")["resources"]


def list_resource_templates():
    """Lists the templates of resources that the client sees, as MCP has them."""
    return request("resources/templates/list")["resourceTemplates"]


def read_resource(uri):
    """Reads a resource: a list of {"uri", "mimeType", "text" or "blob" in base64}."""
    return request("resources/read", {"uri": uri})["contents"]


def list_prompts():
    """Lists the prompts that the client sees, as MCP has them."""
    return request("prompts/list")["prompts"]


def get_prompt(name, arguments=None):
    """Renders a prompt: {"description", "messages"}."""
    return request("prompts/get", {"name": name, "arguments": arguments or {}})


def list_roots():
    """Lists the roots of the client, as it has them now: {"uri", "name"}."""
    return request("roots/list")["roots"]


def complete(ref, argument, value):
    """Completes an argument of what `ref` names, such as {"type": "ref/prompt", "name": …}; gives the values."""
    params = {"ref": ref, "argument": {"name": argument, "value": value}}
    return request("completion/complete", params)["completion"]["values"]


class _Memory:
    """What the tool remembers from one call to the next, for each caller apart. Values are JSON; ttl is in seconds."""

    def get(self, key, default=None):
        """Gives a value, or the default where there is none."""
        value = request("memory/get", {"key": key})["value"]
        return default if value is None else value

    def set(self, key, value, ttl=None):
        """Writes a value; it is kept for good, or for `ttl` seconds."""
        request("memory/set", {"key": key, "value": value, "ttl": ttl})

    def delete(self, key):
        """Removes a value; tells whether it was there."""
        return request("memory/delete", {"key": key})["deleted"]

    def list(self, prefix=""):
        """Lists the keys that begin with a prefix."""
        return request("memory/list", {"prefix": prefix})["keys"]

    def update(self, key, patch, ttl=None):
        """Merges members into an object, atomically; those that are None are removed. Gives the object."""
        return request("memory/update", {"key": key, "value": patch, "ttl": ttl})["value"]

    def increment(self, key, by=1, ttl=None):
        """Adds to a whole number, atomically; gives the sum."""
        return request("memory/increment", {"key": key, "by": by, "ttl": ttl})["value"]

    def entries(self, prefix=""):
        """Yields the entries whose keys begin with a prefix: {"key", "value", "version", "expires_at"?}."""
        cursor = None
        while True:
            page = request("memory/entries", {"prefix": prefix, "cursor": cursor})
            yield from page["entries"]
            cursor = page.get("cursor")
            if cursor is None:
                return

    def bulk_get(self, keys):
        """Gives several values by key; None where there is none."""
        return request("memory/bulk_get", {"keys": list(keys)})["values"]

    def bulk_set(self, values, ttl=None):
        """Writes several values, a dict, or none of them."""
        request("memory/bulk_set", {"entries": values, "ttl": ttl})

    def bulk_delete(self, keys):
        """Removes several values; gives how many were there."""
        return request("memory/bulk_delete", {"keys": list(keys)})["deleted"]


memory = _Memory()

if _IS_CODE:
    _begin_code()
