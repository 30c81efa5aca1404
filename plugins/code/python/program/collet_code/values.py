"""JSON, as code may give it: what is none is told with its place."""
import json

MOST_DEPTH = 200

HINTS = {
    "set": "; use sorted(…) or list(…)", "frozenset": "; use sorted(…) or list(…)", "datetime": "; use .isoformat()",
    "date": "; use .isoformat()", "time": "; use .isoformat()", "bytes": "; use .decode(), or files.write(…)",
    "bytearray": "; use .decode(), or files.write(…)", "Decimal": "; use str(…) or float(…)", "UUID": "; use str(…)",
    "coroutine": "; it has to be awaited", "generator": "; use list(…)", "DataFrame": '; use .to_dict("records")',
    "ndarray": "; use .tolist()", "dict_keys": "; use list(…)", "dict_values": "; use list(…)", "map": "; use list(…)",
    "PosixPath": "; use str(…)", "complex": "; use [it.real, it.imag]",
}


def find_problem(value, place, depth=0):
    """Says what in a value is no JSON, and where; None where all is."""
    here = place or "it"
    if value is None or isinstance(value, (str, bool)):
        return None
    if isinstance(value, int):
        return find_number_problem(value, here)
    if isinstance(value, float):
        finite = value == value and value not in (float("inf"), float("-inf"))
        return None if finite else "%s is %r, which is no JSON" % (here, value)
    if depth > MOST_DEPTH:
        return "it contains itself, or is nested deeper than %d levels" % MOST_DEPTH
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                return "%s has the key %.80r, a %s; JSON has texts as keys" % (here, key, type(key).__name__)
            problem = find_problem(inner, "%s[%.80r]" % (place, key), depth + 1)
            if problem is not None:
                return problem
        return None
    if isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            problem = find_problem(inner, "%s[%d]" % (place, index), depth + 1)
            if problem is not None:
                return problem
        return None
    name = type(value).__name__
    return "%s is a %s, which is no JSON%s" % (here, name, HINTS.get(name, ""))


def find_number_problem(value, here):
    if -(2 ** 53) <= value <= 2 ** 53:
        return None
    from decimal import Decimal

    try:
        # numbers of JSON are read with 53 bits, and written with the fewest digits that tell them apart
        if int(Decimal(repr(float(value)))) == value:
            return None
    except OverflowError:
        pass
    return "%s is a whole number that loses digits in JSON; use str(…)" % here


def check_json(value, what, most_bytes):
    """Gives the failure of a value that is no JSON, or too much of it; else None."""
    try:
        problem = find_problem(value, "")
        text = "" if problem else json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    except Exception as error:  # an object that only seems to be a list
        problem = "%s: %s" % (type(error).__name__, error)
    if problem:
        return "Cannot %s: %s" % (what, problem)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > most_bytes:
        return "Cannot %s: it has %d bytes as JSON, and %d is the limit; take less, or write a file by files.write" % (
            what, size, most_bytes)
    return None
