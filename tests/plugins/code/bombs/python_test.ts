/**
 * Python that does all that code should not.
 *
 * @module
 */
import { type Bomb, testBombs } from "./kit.ts";

const TIME = /time limit|did not|timed out/i;
const ENDED =
  /time limit|did not|timed out|memory|MemoryError|limit|more than|most|calls|too|exit|died|killed|signal|ended/i;

const BOMBS: readonly Bomb[] = ([
  { title: "an endless loop", code: "while True: pass", ends: TIME },
  {
    title: "an endless loop that catches everything",
    code: "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ends: TIME,
  },
  {
    title: "signals that are ignored",
    code:
      "import signal\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    ends: TIME,
  },
  { title: "a number that is too large", code: "return len(str(7 ** (10 ** 8)))", ends: ENDED },
  {
    title: "a regular expression that tries everything",
    code: 'import re\nreturn bool(re.match(r"^(a+)+$", "a" * 40 + "!"))',
    ends: TIME,
  },
  {
    title: "a sort by a slow comparison",
    code: "import time\nreturn sorted(range(1000), key=lambda n: time.sleep(1))",
    ends: TIME,
  },
  { title: "memory without end", code: "a = []\nwhile True: a.append(bytearray(10 ** 7))", hasTime: true, ends: ENDED },
  { title: "one object that is too large", code: "return len(bytearray(10 ** 11))", hasTime: true, ends: ENDED },
  { title: "a recursion without end", code: "def f(): return f() + 1\nreturn f()", hasTime: true, ends: /recursion/i },
  {
    title: "a recursion without a limit",
    code: "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f() + 1\nreturn f()",
    ends: /./,
  },
  { title: "a result that unfolds", code: "a = 1\nfor i in range(40): a = [a, a]\nreturn a", ends: ENDED },
  { title: "a nested result", code: "a = []\nfor i in range(100000): a = [a]\nreturn a", hasTime: true, ends: /./ },
  { title: "a long result", code: 'return "x" * 30000000', ends: /./, fails: undefined },
  {
    title: "forks without end",
    code: "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    ends: ENDED,
    isAlone: true,
  },
  {
    title: "children that stay",
    code: 'import subprocess\nfor i in range(20): subprocess.Popen(["sleep", "300"])\nreturn 1',
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  {
    title: "children that leave the session",
    code:
      "import os, time\nfor i in range(5):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(300)\n        os._exit(0)\nreturn 1",
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  {
    title: "threads that sleep",
    code:
      "import threading, time\nfor i in range(50): threading.Thread(target=time.sleep, args=(300,)).start()\nreturn 1",
    ends: /./,
    fails: undefined,
  },
  {
    title: "threads that are busy",
    code:
      "import threading\ndef f():\n    while True: pass\nfor i in range(4): threading.Thread(target=f).start()\nf()",
    ends: TIME,
  },
  { title: "a sleep", code: "import time\ntime.sleep(300)", ends: TIME },
  {
    title: "a lock that nobody opens",
    code: "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    ends: TIME,
  },
  { title: "an exit", code: "import os\nos._exit(0)", hasTime: true, ends: /./ },
  { title: "a crash", code: "import ctypes\nctypes.string_at(0)", hasTime: true, ends: /./ },
  { title: "output without end", code: 'while True: print("x" * 1000)', ends: ENDED },
  { title: "lines without end", code: "i = 0\nwhile True:\n    print(i)\n    i += 1", ends: ENDED },
  { title: "one line that is too long", code: 'print("x" * 30000000)\nreturn 1', ends: /./, fails: undefined },
  { title: "errors without end", code: 'import sys\nwhile True: sys.stderr.write("x" * 1000 + "\\n")', ends: ENDED },
  { title: "bytes to the descriptor", code: 'import os\nwhile True: os.write(1, b"x" * 100000)', ends: ENDED },
  {
    title: "streams that are closed",
    code: "import os\nfor fd in range(256):\n    try: os.close(fd)\n    except OSError: pass\nwhile True: pass",
    ends: /./,
  },
  { title: "calls without end", code: "while True: echo(value=1)", ends: ENDED },
  {
    title: "100,000 calls at once",
    code: "import asyncio\nreturn len(await asyncio.gather(*[echo.aio(value=i) for i in range(100000)]))",
    ends: ENDED,
  },
  {
    title: "100,000 calls that nobody awaits",
    code: "import asyncio\nfor i in range(100000): asyncio.ensure_future(echo.aio(value=i))\nreturn 1",
    ends: /./,
    fails: undefined,
  },
  {
    title: "calls of many threads",
    code:
      "import threading\ndef f():\n    while True: echo(value=1)\nfor i in range(50): threading.Thread(target=f, daemon=True).start()\nf()",
    ends: ENDED,
  },
  { title: "long arguments", code: 'while True: echo(value="x" * 3000000)', ends: ENDED },
  {
    title: "one argument that is too long",
    code: 'return len(echo(value="x" * 30000000)["value"])',
    hasTime: true,
    ends: /./,
  },
  { title: "long results", code: "a = []\nwhile True: a.append(much(bytes=4000000))", ends: ENDED },
] satisfies readonly Omit<Bomb, "language">[]).map((bomb) => ({ ...bomb, language: "python" as const }));

testBombs("Python that should not", BOMBS);
