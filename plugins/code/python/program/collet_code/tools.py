"""Tools of the server, as functions."""
from .requests import Function, item


def tool_function(name):
    def prepare(*args, **kwargs):
        if len(args) > 1 or args and not isinstance(args[0], dict):
            given = "%d values" % len(args) if len(args) > 1 else "a %s" % type(args[0]).__name__
            raise TypeError("%s() takes keyword arguments or one dict, but was given %s" % (name, given))
        arguments = dict(args[0], **kwargs) if args else kwargs
        return "tools/call", {"name": name, "arguments": arguments}, item("output")

    prepare.__doc__ = "Calls the tool %s with keyword arguments or one dict, and gives its value." % name
    return Function(prepare, name)


def unknown(name, known, what):
    from difflib import get_close_matches

    close = get_close_matches(name, known, 3)
    hint = "; there is %s" % ", ".join(close) if close else ""
    return "There is no %s %r%s" % (what, name, hint)


class Namespace:
    """Tools of one imported server, by name."""

    def __init__(self, name):
        self._name = name
        self._members = {}

    def __getattr__(self, name):
        if name.startswith("__") or name not in self._members:
            raise AttributeError(unknown(name, self._members, "tool in tools.%s called" % self._name))
        return self._members[name]

    def __getitem__(self, name):
        if name not in self._members:
            raise KeyError(unknown(name, self._members, "tool in tools.%s called" % self._name))
        return self._members[name]

    def __iter__(self):
        return iter(self._members)

    def __len__(self):
        return len(self._members)

    def __contains__(self, name):
        return name in self._members

    def __dir__(self):
        return sorted(self._members)

    def __repr__(self):
        return "<%d tools of %s>" % (len(self._members), self._name)


class Tools:
    """All tools: tools["its-name"], tools.its_name, tools.server.its_name."""

    def __init__(self, listed):
        self._by_name = {}
        self._by_attribute = {}
        for tool in listed:
            function = self._by_name[tool["name"]] = tool_function(tool["name"])
            space = tool.get("namespace")
            if space is not None and tool.get("member") is not None:
                group = self._by_attribute.setdefault(space.replace("-", "_"), Namespace(space))
                group._members[tool["member"]] = function
                group._members.setdefault(tool["member"].replace("-", "_"), function)
        for tool in listed:
            if tool.get("identifier") is not None:
                self._by_attribute.setdefault(tool["identifier"], self._by_name[tool["name"]])

    def __getattr__(self, name):
        if name.startswith("__") or name not in self._by_attribute:
            raise AttributeError(unknown(name, self._by_attribute, "tool called"))
        return self._by_attribute[name]

    def __getitem__(self, name):
        # one that is not listed may be there by now; the server says so if it is not
        return self._by_name.get(name) or tool_function(str(name))

    def __iter__(self):
        return iter(self._by_name)

    def __len__(self):
        return len(self._by_name)

    def __contains__(self, name):
        return name in self._by_name

    def __dir__(self):
        return sorted(self._by_attribute)

    def __repr__(self):
        return "<%d tools>" % len(self._by_name)
