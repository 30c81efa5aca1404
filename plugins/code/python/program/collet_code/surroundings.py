"""What code has beside tools: resources, prompts, memory, files, and ways to ask."""
import base64

import collet_tool

from .requests import Function, item, whole


class Resources:
    """Resources of the server, as MCP has them."""

    @Function
    def list():
        """Lists the resources."""
        return "resources/list", {}, item("resources")

    @Function
    def templates():
        """Lists the templates of resources."""
        return "resources/templates/list", {}, item("resourceTemplates")

    @Function
    def read(uri):
        """Reads a resource: a list of {"uri", "mimeType", "text" or "blob" in base64}."""
        return "resources/read", {"uri": uri}, item("contents")


class Prompts:
    """Prompts of the server, as MCP has them."""

    @Function
    def list():
        """Lists the prompts."""
        return "prompts/list", {}, item("prompts")

    @Function
    def get(name, arguments=None):
        """Renders a prompt: {"description", "messages"}."""
        return "prompts/get", {"name": name, "arguments": arguments or {}}, whole


class Entries:
    """Yields entries, page by page; `.aio(...)` does so for `async for`."""

    def __init__(self, page):
        self._page = page
        self.__name__ = self.__qualname__ = page.__name__
        self.__doc__ = page.__doc__

    def __call__(self, prefix=""):
        cursor = None
        while True:
            page = self._page(prefix, cursor)
            yield from page["entries"]
            cursor = page.get("cursor")
            if cursor is None:
                return

    async def aio(self, prefix=""):
        cursor = None
        while True:
            page = await self._page.aio(prefix, cursor)
            for entry in page["entries"]:
                yield entry
            cursor = page.get("cursor")
            if cursor is None:
                return


class Memory:
    """What code remembers for whoever runs it. Values are JSON, `ttl` is in seconds."""

    @Function
    def get(key, default=None):
        """Gives a value, or the default where there is none."""
        return "memory/get", {"key": key}, lambda it: default if it["value"] is None else it["value"]

    @Function
    def set(key, value, ttl=None, if_version=None):
        """Writes a value, for good or for `ttl` seconds."""
        return "memory/set", {"key": key, "value": value, "ttl": ttl, "if_version": if_version}, lambda it: None

    @Function
    def delete(key):
        """Removes a value; tells whether it was there."""
        return "memory/delete", {"key": key}, item("deleted")

    @Function
    def list(prefix=""):
        """Lists the keys that begin with a prefix."""
        return "memory/list", {"prefix": prefix}, item("keys")

    @Function
    def update(key, patch, ttl=None):
        """Merges members into an object, atomically; those that are None are removed. Gives the object."""
        return "memory/update", {"key": key, "value": patch, "ttl": ttl}, item("value")

    @Function
    def increment(key, by=1, ttl=None):
        """Adds to a whole number, atomically; gives the sum."""
        return "memory/increment", {"key": key, "by": by, "ttl": ttl}, item("value")

    @Entries
    @Function
    def entries(prefix, cursor):
        """Yields the entries whose keys begin with a prefix: {"key", "value", "version", "expires_at"?}."""
        return "memory/entries", {"prefix": prefix, "cursor": cursor}, whole

    @Function
    def bulk_get(keys):
        """Gives several values by key; None where there is none."""
        return "memory/bulk_get", {"keys": [*keys]}, item("values")

    @Function
    def bulk_set(values, ttl=None):
        """Writes several values, a dict, or none of them."""
        return "memory/bulk_set", {"entries": values, "ttl": ttl}, lambda it: None

    @Function
    def bulk_delete(keys):
        """Removes several values; gives how many were there."""
        return "memory/bulk_delete", {"keys": [*keys]}, item("deleted")


class Files:
    """Files that the run was given, and those that it gives."""

    @Function
    def read_text(name):
        """Gives the text of a file."""
        return "files/read", {"name": name, "as": "text"}, item("text")

    @Function
    def read_bytes(name):
        """Gives the bytes of a file."""
        return "files/read", {"name": name, "as": "bytes"}, lambda it: base64.b64decode(it["blob"])

    @Function
    def write(name, content, mime_type=None):
        """Gives a text or bytes to whoever runs the code, as a resource: {"name", "uri", "mimeType", "size"}."""
        params = {"name": name}
        if isinstance(content, str):
            params["text"] = content
        elif isinstance(content, (bytes, bytearray, memoryview)):
            params["blob"] = base64.b64encode(content).decode("ascii")
        else:
            found = type(content).__name__
            raise TypeError("Cannot write file %r: expected a text or bytes, found a %s" % (name, found))
        if mime_type is not None:
            params["mimeType"] = mime_type
        return "files/write", params, whole

    @Function
    def list():
        """Lists the files: {"name", "uri", "mimeType"?, "size"?}."""
        return "files/list", {}, item("files")


@Function
def elicit(message, schema):
    """Asks the user for what a schema describes: {"action": "accept" | "decline" | "cancel", "content": {…}}."""
    return "elicitation/create", {"message": message, "requestedSchema": schema}, whole


@Function
def sample(messages, max_tokens=1024, **options):
    """Asks the model of the client; `messages` are those of MCP, or one text."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": {"type": "text", "text": messages}}]
    params = {collet_tool._camel(name): value for name, value in options.items()}
    return "sampling/createMessage", dict(params, messages=messages, maxTokens=max_tokens), whole


def progress(current, total=None, message=None):
    """Tells how far the code has come; `current` must rise."""
    collet_tool.progress(current, total, message)


def refuse_input(_prompt=None):
    raise RuntimeError("Cannot read input: code has no terminal; elicit(message, schema) asks the user")
