"""Waits, in an interpreter that has loaded what scripts usually need, for the script that it is to become.

It lies as sitecustomize.py in a folder of PYTHONPATH, so that Python runs it last of its own start; the program that
Python was told to run is not there yet. When all is loaded, it says so by the line `COLLET` on stdout. What comes on stdin
is `COLLET `, the length of a header as 8 hexadecimal digits, a line feed and the header, JSON: {"file", "argv"?, "env"?,
"files"?, "cwd"?}. The script's code is then put where the program is looked for, compiled, and Python runs it as it runs
any: nothing of this file is on its stack.

Where what was loaded could make a difference to the script, the process starts itself anew instead.
"""


def _boot():
    import os
    import sys
    from marshal import dumps

    prefix_size = 16
    # what a script does not import makes no difference to it: none of these sets anything up
    modules = (
        "__future__", "asyncio", "base64", "bisect", "collections.abc", "concurrent.futures.thread", "contextlib",
        "copy", "csv", "dataclasses", "datetime", "decimal", "encodings.idna", "enum", "errno", "fnmatch", "functools",
        "glob", "hashlib", "heapq", "hmac", "html", "importlib.util", "inspect", "io", "itertools", "json", "logging",
        "math", "operator", "os", "pathlib", "pickle", "queue", "random", "re", "secrets", "select", "selectors",
        "shlex", "shutil", "signal", "socket", "ssl", "string", "struct", "subprocess", "tempfile", "textwrap",
        "threading", "time", "traceback", "types", "typing", "unicodedata", "urllib.parse", "urllib.request", "uuid",
        "warnings", "weakref", "zlib",
    )
    # packages that change modules which must not be loaded yet
    patching = (b"gevent", b"eventlet")
    search_path = "PYTHONPATH"

    program = sys.argv[0]
    own_folder = os.path.dirname(os.path.abspath(__file__))
    own_module = sys.modules["sitecustomize"]

    def find_own_place():
        """Takes the folder of this file out of what the script sees; gives where the folders of PYTHONPATH begin."""
        entries = [os.path.abspath(entry) for entry in sys.path]
        place = entries.index(own_folder) if own_folder in entries else 0
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != own_folder]
        rest = [entry for entry in os.environ.get(search_path, "").split(os.pathsep) if entry != own_folder]
        os.environ.pop(search_path, None)
        if any(rest):
            os.environ[search_path] = os.pathsep.join(rest)
        return place

    def load_hidden_module():
        """Loads the module of this machine whose name this file has taken."""
        del sys.modules["sitecustomize"]
        try:
            import sitecustomize  # noqa: F401
        except ImportError as error:
            if error.name != "sitecustomize":
                raise
            # the import of this file, which goes on, needs to find something
            sys.modules["sitecustomize"] = own_module

    def load(names):
        import gc
        import importlib

        for name in names:
            try:
                importlib.import_module(name)
            except Exception:  # a Python that was built without it
                pass
        # none of it is garbage; to look at it again costs more at the end than all of a short script
        gc.freeze()

    def read(size):
        # not by sys.stdin, which would read on into what is meant for the script
        parts = []
        while size > 0:
            part = os.read(0, min(size, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def read_header():
        from json import loads

        prefix = read(prefix_size)
        if prefix[:7] != b"COLLET ":
            sys.stderr.write("Cannot read a header: it begins with %r\n" % prefix)
            sys.stderr.flush()
            os._exit(1)
        return loads(read(int(prefix[7:15], 16)).decode("utf-8"))

    def write_files(files):
        from base64 import b64decode

        for path, content in files.items():
            data = content.encode("utf-8") if isinstance(content, str) else b64decode(content["base64"])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

    def add_folders(value, place):
        """Puts folders where Python would have put them; a later one that is there already gives way."""
        seen = set(sys.path[:place])
        added = []
        for folder in [os.path.abspath(folder) for folder in value.split(os.pathsep) if folder] + sys.path[place:]:
            if folder not in seen:
                seen.add(folder)
                added.append(folder)
        sys.path[place:] = added

    def has_shadow(folders, names):
        for folder in folders:
            try:
                entries = os.listdir(folder)
            except OSError:
                continue
            if not names.isdisjoint(entry.partition(".")[0] for entry in entries):
                return True
        return False

    def compile_script(file):
        try:
            with open(file, "rb") as source:
                text = source.read()
            return None if any(name in text for name in patching) else compile(text, file, "exec", 0, True)
        except Exception:  # Python says by itself what is wrong with it
            return None

    def start_anew(words):
        given = getattr(sys, "orig_argv", None)
        if given is None:
            from subprocess import _args_from_interpreter_flags

            options = _args_from_interpreter_flags()
        else:
            options = given[1 : given.index(program)]
        os.execv(sys.executable, [sys.executable, *options, *words])

    def become(code, words):
        import importlib.util

        with open(program, "wb") as file:
            file.write(importlib.util.MAGIC_NUMBER + bytes(12) + dumps(code))

        def begin(frame, event, _argument):
            """Tells the program who it is, when it is about to begin."""
            if event != "call" or frame.f_code.co_filename != words[0]:
                return
            sys.setprofile(None)
            os.unlink(program)
            sys.path_importer_cache.pop(program, None)
            if sys.modules.get("sitecustomize") is own_module:
                del sys.modules["sitecustomize"]
            if not getattr(sys.flags, "safe_path", False):
                sys.path[0] = os.path.dirname(os.path.realpath(words[0]))
            sys.argv[:] = words
            if hasattr(sys, "orig_argv"):
                at = sys.orig_argv.index(program)
                sys.orig_argv[at:] = words
            main = frame.f_globals
            main["__file__"] = words[0]
            main["__loader__"] = importlib.machinery.SourceFileLoader("__main__", words[0])

        sys.setprofile(begin)

    place = find_own_place()
    load_hidden_module()
    natural = set(sys.modules)
    load(modules)
    loaded = {name.partition(".")[0] for name in set(sys.modules) - natural}

    os.write(1, b"COLLET\n")
    header = read_header()
    env = header.get("env", {})
    words = [header["file"], *header.get("argv", ())]
    is_early = any(
        name.startswith("PYTHON") and name != search_path and os.environ.get(name) != value
        for name, value in env.items()
    )
    os.environ.update(env)
    if "TZ" in env:
        from time import tzset

        tzset()
    write_files(header.get("files", {}))
    if "cwd" in header:
        os.chdir(header["cwd"])
    add_folders(env.get(search_path, ""), place)
    folders = [os.path.dirname(os.path.realpath(words[0])), *sys.path[: sys.path.index(os.path.dirname(os.__file__))]]
    code = None if is_early or has_shadow(folders, loaded) else compile_script(words[0])
    if code is None:
        start_anew(words)
    become(code, words)


_boot()
del _boot
