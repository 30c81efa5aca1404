/**
 * Programs that take all they can get of something. Each ends by itself before it would harm the machine, and says how
 * far it came.
 *
 * @module
 */

const BEGINNING = String.raw`
import errno, json, os, socket, sys, threading, time
facts = json.loads(sys.stdin.readline())["params"]["arguments"]
def finish(came, why=None):
    print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"came": came, "why": why}}), flush=True)
    os._exit(0)
def until_refused(step, most):
    came = 0
    while came < most:
        try: came += step()
        except MemoryError: finish(came, "MemoryError")
        except OSError as error: finish(came, errno.errorcode.get(error.errno, str(error)))
        except RuntimeError as error: finish(came, str(error))
    finish(came)
MIB = 1 << 20
BLOCK = os.urandom(MIB)
`;

/** One that takes. */
export interface Bomb {
  readonly code: string;
  readonly interpreter?: string;
  /** What its answer has to be, when it is not ended: how far it may come. */
  readonly most: number;
  /** What its end may be called. */
  readonly end: RegExp;
  readonly grants?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

/** MiB that each bomb of memory stops at, by itself. */
const MEMORY = 1_536;
/** MiB of the limits with which the bombs are run. */
export const LIMITS = { memory: 192, disk: 24, file: 16, processes: 8, descriptors: 128 } as const;
const NO_MEMORY = /memory|was ended by|exit code 1(?:37|34)|ended with exit code/;
const grants = { memory_mb: LIMITS.memory };

function python(code: string): string {
  return `${BEGINNING}${code}`;
}

/** Takes memory. */
export const MEMORY_BOMBS: Readonly<Record<string, Bomb>> = {
  "on the heap": {
    code: python(`kept = []\nuntil_refused(lambda: kept.append(bytearray(BLOCK) * 16) or 16, ${MEMORY})`),
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
  "in many processes": {
    code: python(String.raw`
for _ in range(6):
    if os.fork() == 0:
        kept = []
        for _ in range(256): kept.append(bytearray(BLOCK)); time.sleep(0.002)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
finish(1536)
`),
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
  "shared": {
    code: python(String.raw`
import mmap
kept = []
def step():
    it = mmap.mmap(-1, 16 * MIB)
    for at in range(16): it.write(BLOCK)
    kept.append(it)
    return 16
until_refused(step, ${MEMORY})
`),
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
  "in files without a name": {
    code: python(String.raw`
kept = []
def step():
    kept.append(os.memfd_create("x"))
    for _ in range(8): os.write(kept[-1], BLOCK)
    return 8
until_refused(step, ${MEMORY})
`),
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
  "in segments of System V": {
    code: python(String.raw`
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
def step():
    it = libc.shmget(0, 16 * MIB, 0o1600)
    if it < 0: raise OSError(ctypes.get_errno(), "shmget")
    at = libc.shmat(it, None, 0)
    ctypes.memset(at, 1, 16 * MIB)
    libc.shmdt(ctypes.c_void_p(at))
    return 16
until_refused(step, ${MEMORY})
`),
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
  "of Node": {
    interpreter: "/usr/bin/node",
    code: `const kept = []; for (let i = 0; i < ${MEMORY / 16}; i++) kept.push(Buffer.alloc(16 << 20, 1)); ` +
      `console.log(JSON.stringify({ came: ${MEMORY} })); process.exit()`,
    most: LIMITS.memory * 2,
    end: NO_MEMORY,
    grants,
  },
};

const FILL = String.raw`
folder = facts["folder"] or os.environ["HOME"]
number = 0
def step():
    global number
    number += 1
    with open(os.path.join(folder, "fill%d" % number), "wb", 0) as file:
        for _ in range(8):
            if file.write(BLOCK) < MIB: raise OSError(errno.ENOSPC, "full")
    return 8
until_refused(step, 512)
`;

/** Takes disk: each is given the folder to fill, but the last, whose folder is granted. */
export const DISK_BOMBS: Readonly<Record<string, Bomb & { readonly folder: string | undefined }>> = {
  "the home": {
    code: python(FILL),
    folder: "",
    most: LIMITS.disk,
    end: /ENOSPC|disk|memory/,
  },
  "/tmp": { code: python(FILL), folder: "/tmp", most: LIMITS.disk, end: /ENOSPC|disk|memory/ },
  "/dev/shm": { code: python(FILL), folder: "/dev/shm", most: LIMITS.disk, end: /ENOSPC|disk|memory/ },
  "one file in a granted folder": {
    code: python(String.raw`
file = open(os.path.join(facts["folder"], "huge"), "wb", 0)
until_refused(lambda: file.write(BLOCK) // MIB, 256)
`),
    folder: undefined,
    most: LIMITS.file,
    end: /file/,
  },
  "a sparse file in a granted folder": {
    code: python(String.raw`
file = open(os.path.join(facts["folder"], "sparse"), "wb", 0)
until_refused(lambda: file.truncate(1 << 40) and 1024, 1024)
`),
    folder: undefined,
    most: 0,
    end: /file/,
  },
};

/** Takes names of files, processes, threads and descriptors. */
export const COUNT_BOMBS: Readonly<Record<string, Bomb>> = {
  "names of files": {
    code: python(String.raw`
import itertools
numbers = itertools.count()
until_refused(lambda: [os.close(os.open("/tmp/%d" % next(numbers), os.O_CREAT, 0o600)) for _ in range(1000)] and 1000, 100000)
`),
    most: 99_999,
    end: NO_MEMORY,
    grants: { memory_mb: 64 },
  },
  "processes": {
    code: python(String.raw`
def step():
    if os.fork() == 0:
        time.sleep(15)
        os._exit(0)
    return 1
until_refused(step, 2000)
`),
    most: 1_000,
    // each takes some memory as well, and either limit may be the first
    end: /processes|memory/,
    grants: { processes: LIMITS.processes },
  },
  "processes of processes": {
    code: python(String.raw`
end = time.time() + 15
count = 0
while count < 10 and time.time() < end:
    try:
        if os.fork() == 0: time.sleep(0.01)
        count += 1
    except OSError: time.sleep(0.05)
time.sleep(max(0, end - time.time()))
os._exit(3)
`),
    most: 0,
    end: /processes|exit code|memory/,
    grants: { processes: LIMITS.processes },
  },
  "threads": {
    code: python(
      `until_refused(lambda: threading.Thread(target=time.sleep, args=(15,), daemon=True).start() or 1, 2000)`,
    ),
    most: 1_000,
    end: /processes|memory/,
    grants: { processes: LIMITS.processes },
  },
  "descriptors": {
    code: python(`kept = []\nuntil_refused(lambda: kept.append(os.open("/dev/null", 0)) or 1, 5000)`),
    most: LIMITS.descriptors,
    end: /descriptor/,
  },
  "descriptors in flight": {
    code: python(String.raw`
import array
pairs = []
def step():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pairs.append((one, other))
    one.setblocking(False)
    try:
        for _ in range(50): one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()] * 50))])
    except BlockingIOError: pass
    return 1
until_refused(step, 2000)
`),
    most: LIMITS.descriptors,
    end: /descriptor|memory/,
  },
};

/** Takes time, and the attention of the server. */
export const ENDLESS: Readonly<Record<string, Bomb>> = {
  "a loop": { code: "while True: pass", most: 0, end: /CPU time/, grants: { cpu_seconds: 1 } },
  "a loop that heeds no signal": {
    code:
      "import signal\nfor number in (signal.SIGXCPU, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\nwhile True: pass",
    most: 0,
    end: /CPU time|SIGKILL/,
    grants: { cpu_seconds: 1 },
  },
  "a loop in bash": {
    interpreter: "/bin/bash",
    code: "while :; do :; done",
    most: 0,
    end: /CPU time/,
    grants: { cpu_seconds: 1 },
  },
  "a sleep": { code: "import time\ntime.sleep(600)", most: 0, end: /time|took/, timeoutMs: 1_000 },
  "a sleep that heeds no signal": {
    code:
      "import signal, time\nfor number in range(1, 32):\n    try: signal.signal(number, signal.SIG_IGN)\n    except OSError: pass\ntime.sleep(600)",
    most: 0,
    end: /time|took/,
    timeoutMs: 1_000,
  },
  "stdout": {
    code: "import os\nblock = b'x' * 65536\nfor _ in range(1 << 16): os.write(1, block)\nprint('all of it')",
    most: 0,
    end: /more than \d+ MiB|time limit/,
    timeoutMs: 10_000,
  },
  "lines on stdout": {
    code: "import os\nblock = b'x\\n' * 32768\nfor _ in range(1 << 16): os.write(1, block)\nprint('all of it')",
    most: 0,
    end: /more than \d+ MiB|time limit/,
    timeoutMs: 10_000,
  },
  "stderr": {
    code: "import os\nblock = b'x' * 65535 + b'\\n'\nfor _ in range(1 << 16): os.write(2, block)\nprint('all of it')",
    most: 0,
    end: /time|took|MiB/,
    timeoutMs: 3_000,
  },
};
