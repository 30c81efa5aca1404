import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { ARCHITECTURES, FIREJAIL_SYSCALLS, RULES, seccompFilter } from "../../../plugins/sandbox/seccomp/mod.ts";
import { numberOf, type Syscall } from "../../../plugins/sandbox/seccomp/numbers.ts";
import { ROOT } from "../../support/root.ts";

const ARCHITECTURE = ARCHITECTURES.find((one) => one === process.arch);
const PROGRAM_MS = 60_000;

/** A system call, with numbers and texts as arguments, and the error that it ends with under the filter. */
type Attempt = readonly [syscall: Syscall, args: readonly (number | string)[], errno: number];

/** Makes the system calls of its argument, and prints the errors of each. */
const CALLER = `
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
open("file", "w").close()
def attempt(call):
    args = [ctypes.c_char_p(a.encode()) if isinstance(a, str) else ctypes.c_ulong(a & (2**64 - 1)) for a in call]
    return ctypes.get_errno() if libc.syscall(*args) == -1 else 0
print(json.dumps([attempt(call) for call in json.loads(sys.argv[1])]))
`;

const AT_FDCWD = -100;
const NOBODY = 0x7fffffff;
const WITH_ARGUMENTS: readonly Attempt[] = [
  ["unshare", [0], 1],
  ["clone", [0x10000011, 0, 0, 0, 0], 1],
  ["clone3", [0, 0], 38],
  ["ptrace", [16, NOBODY, 0, 0], 1],
  ["process_vm_readv", [NOBODY, 0, 0, 0, 0, 0], 1],
  ["keyctl", [0, -3, 0], 1],
  ["personality", [8], 1],
  ["io_uring_setup", [1, 0], 38],
  ["chmod", ["file", 0o4755], 1],
  ["fchmodat", [AT_FDCWD, "file", 0o2755], 1],
  ["open", ["new1", 0o101, 0o4755], 1],
  ["creat", ["new2", 0o4755], 1],
  ["openat", [AT_FDCWD, "new3", 0o101, 0o4755], 1],
  ["mknod", ["new4", 0o104755, 0], 1],
  ["mknodat", [AT_FDCWD, "new5", 0o104755, 0], 1],
  ["mknodat", [AT_FDCWD, "new6", 0o020644, 0], 1],
  ["ioctl", [0, 0x5412, ""], 1],
  ["ioctl", [0, 0x541c, ""], 1],
  ["ioctl", [0, 0x5423, ""], 1],
  ["socket", [40, 1, 0], 97],
  ["socket", [17, 3, 0], 97],
  ["socket", [2, 10, 0], 97],
  ["socket", [16, 3, 4], 93],
  ["socketpair", [2, 1, 0, 0], 97],
];
/** What works, or fails otherwise, for every program that no filter holds back. */
const HARMLESS: ReadonlySet<Syscall> = new Set<Syscall>([
  "unshare",
  "chmod",
  "fchmodat",
  "open",
  "creat",
  "openat",
  "mknod",
  "ioctl",
  "socketpair",
]);
const STILL_ALLOWED: readonly Attempt[] = [
  ["fchmodat", [AT_FDCWD, "file", 0o755], 0],
  ["openat", [AT_FDCWD, "file", 0, 0o6777], 0],
  ["openat", [AT_FDCWD, "plain", 0o101, 0o644], 0],
  ["mknodat", [AT_FDCWD, "pipe", 0o010644, 0], 0],
  ["socket", [1, 1, 0], 0],
  ["socket", [2, 1, 0], 0],
  ["socket", [16, 3, 0], 0],
  ["ioctl", [0, 0x5413, ""], 25], // ENOTTY: the kernel's own answer
  ["personality", [0xffffffff], 0],
];

const PROGRAMS: readonly (readonly [program: string, script: string, output: RegExp])[] = [
  ["bash", `echo a b | tr ab cd; (exit 3); echo $?; mkfifo p; echo through > p & cat p; wait`, /^c d\n3\nthrough\n$/],
  [
    "python3",
    `python3 -c '
import multiprocessing, os, pty, socket, sqlite3, subprocess, tempfile, threading
thread = threading.Thread(target=print, args=("thread",), kwargs={"flush": True}); thread.start(); thread.join()
child = multiprocessing.Process(target=print, args=("child",)); child.start(); child.join()
print(subprocess.check_output(["echo", "program"], text=True), end="")
with sqlite3.connect("notes.db") as notes: print(notes.execute("select 6 * 7").fetchone()[0])
os.chmod("notes.db", 0o600); tempfile.TemporaryFile().write(b"x"); pty.openpty(); socket.socketpair()
'`,
    /^thread\nchild\nprogram\n42\n$/,
  ],
  [
    "node",
    `node -e '
const { Worker } = require("node:worker_threads");
console.log(require("node:child_process").execFileSync("echo", ["program"]) + "");
require("node:fs").promises.writeFile("file", "x").then(() => new Worker("console.log(\`worker\`)", { eval: true }));
'`,
    /program[^]*worker/,
  ],
  [
    "deno",
    `deno eval 'console.log(new TextDecoder().decode((await new Deno.Command("echo", { args: ["program"] }).output()).stdout))'`,
    /program/,
  ],
  ["npm", "npm --version", /^\d+\.\d+/],
  ["ruby", "ruby -e 'Thread.new { puts `echo program` }.join; Process.wait(fork { puts 7 })'", /^program\n7\n$/],
  ["perl", `perl -e '$| = 1; print qx(echo program); if (fork) { wait } else { print 7 }'`, /^program\n7$/],
  [
    "git",
    "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git log --format=%s",
    /^first\n$/,
  ],
  [
    "gcc",
    `printf 'int puts(const char *); int main() { puts("compiled"); }' > a.c && gcc a.c -o a && ./a`,
    /^compiled\n$/,
  ],
  ["sqlite3", `sqlite3 a.db 'create table t (a); insert into t values (7); select a from t'`, /^7\n$/],
  ["tar", "echo x > a && tar cf a.tar a && rm a && tar xf a.tar && cp -a a b && cat b", /^x\n$/],
];

describe(
  "seccompFilter, with bubblewrap",
  { skip: ARCHITECTURE === undefined && `${process.arch} has no filter` },
  () => {
    let folder: string;
    let obstacle: string | undefined;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "collet-seccomp-"));
      writeFileSync(join(folder, "filter"), seccompFilter(ARCHITECTURE!));
      const { output, errors } = await confine(["echo", "works"], { filtered: false });
      if (output !== "works\n") obstacle = `bubblewrap does not work here: ${errors}`;
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    /** Runs a command in a sandbox that has all files, but no privileges. */
    function confine(command: readonly string[], { filtered = true } = {}) {
      const sandbox = "exec bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --chdir /tmp --unshare-all " +
        "--uid 1000 --gid 1000 --cap-drop ALL --die-with-parent --new-session";
      const script = filtered ? `${sandbox} --seccomp 9 -- "$@" 9<"$0"` : `${sandbox} -- "$@"`;
      return run("sh", ["-c", script, join(folder, "filter"), ...command]);
    }

    async function attempt(attempts: readonly Attempt[], options?: { filtered: boolean }): Promise<number[]> {
      const calls = attempts.map(([name, args]) => [numberOf(name, ARCHITECTURE!), ...args]);
      const { output, errors } = await confine(["python3", "-c", CALLER, JSON.stringify(calls)], options);
      assert.equal(errors, "");
      return JSON.parse(output) as number[];
    }

    /** Makes system calls with and without the filter, and compares what they say. */
    function check(title: string, listed: readonly Attempt[]): void {
      test(title, async (t: TestContext) => {
        if (obstacle !== undefined) return t.skip(obstacle);
        if (!await hasProgram("python3")) return t.skip("python3 is not installed");
        const attempts = listed.filter(([name]) => numberOf(name, ARCHITECTURE!) !== undefined);
        const told = attempts.map(([name, args], index) => ({ index, call: `${name}(${args.join(", ")})` }));
        const errors = await attempt(attempts);
        assert.deepEqual(
          told.map(({ index, call }) => `${call}: ${errors[index]}`),
          told.map(({ index, call }) => `${call}: ${attempts[index]![2]}`),
        );
      });
    }

    check(
      "refuses each system call that has a rule without conditions",
      RULES.filter(({ when }) => when === undefined)
        .flatMap(({ syscalls, errno }) => syscalls.map((name): Attempt => [name, [0, 0, 0, 0, 0, 0], errno])),
    );
    check("refuses what is asked for by arguments", WITH_ARGUMENTS);
    check("allows the same system calls with other arguments", STILL_ALLOWED);

    test("is what refuses them: without it, they work or fail otherwise", async (t) => {
      if (obstacle !== undefined) return t.skip(obstacle);
      if (!await hasProgram("python3")) return t.skip("python3 is not installed");
      const harmless = WITH_ARGUMENTS.filter(([name]) =>
        HARMLESS.has(name) && numberOf(name, ARCHITECTURE!) !== undefined
      );
      const errors = await attempt(harmless, { filtered: false });
      harmless.forEach(([name, args, errno], index) => {
        const isDevice = name === "mknodat";
        if (!isDevice) assert.notEqual(errors[index], errno, `${name}(${args.join(", ")})`);
      });
    });

    for (const [program, script, output] of PROGRAMS) {
      test(`lets ${program} do its work`, async (t) => {
        if (obstacle !== undefined) return t.skip(obstacle);
        if (!await hasProgram(program)) return t.skip(`${program} is not installed`);
        const found = await confine(["env", "HOME=/tmp", "bash", "-c", script]);
        assert.match(found.output, output, found.errors);
      });
    }
  },
);

describe("FIREJAIL_SYSCALLS, with firejail", () => {
  test("are refused, and let programs start", async (t) => {
    if (!await hasProgram("firejail")) return t.skip("firejail is not installed");
    const command = ["--quiet", "--noprofile", `--seccomp=${FIREJAIL_SYSCALLS.join(",")}`, "--"];
    const started = await run("firejail", [...command, "bash", "-c", "echo works | cat"]);
    if (started.output !== "works\n") return t.skip(`firejail does not work here: ${started.errors}`);
    const unshared = await run("firejail", [...command, "unshare", "--user", "echo", "escaped"]);
    assert.equal(unshared.output, "");
    assert.match(unshared.errors, /Operation not permitted/);
  });
});

function run(program: string, args: readonly string[]): Promise<{ output: string; errors: string }> {
  const path = `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  return new Promise((resolve) => {
    const options = { timeout: PROGRAM_MS, env: { ...process.env, PATH: path, NO_COLOR: "1" } };
    const child = execFile(program, args, options, (_, output, errors) => resolve({ output, errors }));
    child.stdin?.end();
  });
}

async function hasProgram(name: string): Promise<boolean> {
  return (await run("sh", ["-c", 'command -v "$0"', name])).output !== "";
}
