/**
 * What begins and ends every attack in Python: each says precisely what came of it.
 *
 * @module
 */

/**
 * Reads the request; `attack(name, function, …)` notes the name of the error with which the kernel refused, `nothing`,
 * or `GOT` with what was got. `call(name, …)` is a system call by its number.
 */
const BEGINNING = String.raw`
import ctypes, errno, glob, json, os, signal, socket, stat, struct, subprocess, sys, time

facts = json.loads(sys.stdin.readline())["params"]["arguments"]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
outcomes = {}
confined = facts.get("confined", True)

def attack(name, function, *args):
    try:
        got = function(*args)
    except OSError as error:
        outcomes[name] = errno.errorcode.get(error.errno, type(error).__name__)
    except Exception as error:
        outcomes[name] = "BROKEN " + repr(error)
    else:
        outcomes[name] = "nothing" if got is None else "GOT " + str(got)[:300]

def call(name, *args):
    number = facts["syscalls"][name]
    if number is None: raise OSError(errno.ENOSYS, name)
    result = libc.syscall(ctypes.c_long(number), *args)
    if result < 0: raise OSError(ctypes.get_errno(), name)
    return "%s gives %d" % (name, result)

def read(path):
    with open(path, "rb") as file: return file.read(200).decode(errors="replace") or "an empty file"

def tried(function, *args):
    try: return function(*args)
    except OSError: return None

def in_child(function):
    """Runs what may end its process, and gives what it returned; None when it was ended."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try: text = function()
        except OSError as error: text = None if error.errno is None else "!%d" % error.errno
        except BaseException as error: text = "BROKEN " + repr(error)
        if text is not None: os.write(theirs, str(text).encode())
        os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file: text = file.read().decode()
    os.waitpid(pid, 0)
    if text.startswith("!"): raise OSError(int(text[1:]), "in a child")
    return text or None
`;

const END = String.raw`
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"outcomes": outcomes}}), flush=True)
`;

/** Makes a script of attacks. */
export function attackScript(attacks: string): string {
  return `${BEGINNING}${attacks}${END}`;
}
