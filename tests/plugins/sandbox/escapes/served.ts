/**
 * The real server as a process of its own: of any user, with a terminal, and a client over stdio.
 *
 * @module
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { type JsonObject, textOf, type ToolResult } from "../../../../kernel/mod.ts";
import type { Mode } from "../../../../plugins/sandbox/modes.ts";
import { IS_DENO, programPath } from "../../../command_line/program.ts";
import { childrenOf, isRunning } from "../../../proof/vitals.ts";
import { inRepository } from "../../../support/root.ts";
import { pause } from "../../../support/wait.ts";
import { LIMITS } from "./bombs.ts";
import type { Outside } from "./outside.ts";

/** A private folder that stands for that of another call. */
export const OTHERS_WORK = "another";
const CALL_MS = 90_000;
const WAIT_MS = 15_000;
/** Starts a program with a terminal of its own on stderr, and passes on what is seen there. */
const TERMINAL = `
import os, pty, sys
stdin, stdout = os.dup(0), os.dup(1)
pid, terminal = pty.fork()
if pid == 0:
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.closerange(3, 1024)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(stdin)
os.close(stdout)
os.close(0)
os.close(1)
while True:
    try: text = os.read(terminal, 65536)
    except OSError: break
    if not text: break
    os.write(2, text)
os.waitpid(pid, 0)
`;

/** A running server. */
export interface EscapeServer extends AsyncDisposable {
  readonly client: Client;
  /** Of the server itself, as this machine counts. */
  readonly pid: number;
  readonly home: string;
  /** What was seen on its terminal. */
  terminal(): string;
  register(name: string, code: string, more?: JsonObject): Promise<void>;
  call(name: string, args?: object): Promise<ToolResult>;
  /** Fails unless it answers as if nothing had happened. */
  assertWell(): Promise<void>;
  /** Ends it as somebody does who has no patience. */
  kill(): Promise<void>;
}

/** Starts a server of the user of `outside`, in whose folder it has its home. */
export async function startServer(outside: Outside, mode: Mode): Promise<EscapeServer> {
  const home = outside.path("home");
  configure(outside, home);
  const transport = new StdioClientTransport({
    command: "/usr/bin/python3",
    args: ["-c", TERMINAL, ...asUser(outside.user.id), ...await programWords(), "--sandbox", mode],
    env: serverEnvironment(outside, home),
    cwd: outside.path("cwd"),
    stderr: "pipe",
  });
  let terminal = "";
  transport.stderr?.on("data", (bytes: Uint8Array) => terminal += new TextDecoder().decode(bytes));
  const client = new Client({ name: "escapes", version: "1.0.0" }, { versionNegotiation: { mode: "legacy" } });
  try {
    await client.connect(transport);
  } catch (error) {
    throw new Error(`The server did not start: ${terminal}`, { cause: error });
  }
  const wrapper = transport.pid!;
  const pid = await serverBelow(wrapper);
  const call: EscapeServer["call"] = async (name, args = {}) =>
    await client.callTool({ name, arguments: args as JsonObject }, { timeout: CALL_MS }) as unknown as ToolResult;
  const register: EscapeServer["register"] = async (name, code, more = {}) => {
    const script = { name, description: "Attack", interpreter: "/usr/bin/python3", overwrite: true, ...more, code };
    const result = await call("register_script", script);
    assert.notEqual(result.isError, true, textOf(result));
  };
  const hello = mode === "deno" ? { interpreter: `${DENO} run`, extension: "js" } : {};
  await register("hello", mode === "deno" ? HELLO_DENO : HELLO, hello);
  return {
    ...{ client, pid, home, call, register },
    terminal: () => terminal,
    async assertWell() {
      const result = await call("hello", { name: "Ada" });
      assert.deepEqual([result.isError ?? false, textOf(result).trim()], [false, "hello Ada"], terminal);
    },
    async kill() {
      process.kill(pid, "SIGKILL");
      await ended(pid);
      await client.close().catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await ended(wrapper);
    },
  };
}

const HELLO = `import json, sys
print("hello", json.loads(sys.stdin.readline())["params"]["arguments"].get("name"))`;

const HELLO_DENO = `console.log("hello Ada"); Deno.exit(0);`;
const DENO = inRepository("node_modules", "@deno", `linux-${process.arch}-glibc`, "deno");

/** Writes what an operator writes: the ceiling of grants, and bounds that are soon reached. */
function configure(outside: Outside, home: string): void {
  const granted = [outside.path("granted"), outside.path("readable")];
  const config = {
    plugins: {
      grants: {
        ceiling: {
          ...{ read: granted, write: [outside.path("granted")], secrets: ["TOOL_KEY"] },
          network: [`127.0.0.1:${outside.portOf("allowed")}`, `127.0.0.1:${outside.portOf("barred")}`],
        },
      },
      sandbox: { disk_mb: LIMITS.disk, file_mb: LIMITS.file, descriptors: LIMITS.descriptors },
    },
  };
  writeFileSync(join(home, "collet.json"), JSON.stringify(config));
  mkdirSync(join(home, "work"), { recursive: true });
  for (const name of ["collet.json", "work"]) chownSync(join(home, name), outside.user.id, outside.user.id);
}

// what the server has of its own, and no tool may get
function serverEnvironment(outside: Outside, home: string): Record<string, string> {
  const { secret } = outside;
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...{ HOME: outside.path("userhome"), COLLET_HOME: home, DENO_DIR: outside.path("deno"), NO_COLOR: "1" },
    ...{ SERVER_SECRET: secret, COLLET_TOKEN: secret, COLLET_SECRET_TOOL_KEY: outside.toolSecret },
    ...{
      PYTHONSTARTUP: `/${secret}`,
      BASH_ENV: `/${secret}`,
      ENV: `/${secret}`,
      RUBYOPT: "-W0",
      PYTHONPATH: `/${secret}`,
    },
    ...{ LD_LIBRARY_PATH: `/${secret}`, NODE_OPTIONS: `--title=${secret}`, SSH_AUTH_SOCK: `/${secret}` },
  };
}

async function programWords(): Promise<readonly string[]> {
  const path = await programPath();
  // made for the one who runs the tests, and started by another
  if (!IS_DENO) chmodSync(dirname(path), 0o755);
  const words = ["run", "-A", "--node-modules-dir=manual", "--no-remote", "--no-lock", "--no-check"];
  return IS_DENO ? [realpathSync(process.execPath), ...words, path] : [realpathSync(process.execPath), path];
}

function asUser(id: number): readonly string[] {
  if (id === process.getuid?.()) return [];
  return ["/usr/bin/setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--"];
}

async function serverBelow(wrapper: number): Promise<number> {
  const [pid] = childrenOf(wrapper).filter((it) => parentOf(it) === wrapper);
  if (pid !== undefined) return pid;
  await pause(20);
  return await serverBelow(wrapper);
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

async function ended(pid: number): Promise<void> {
  for (const end = Date.now() + WAIT_MS; isRunning(pid) && Date.now() < end;) await pause(20);
  if (!isRunning(pid)) return;
  process.kill(pid, "SIGKILL");
  throw new Error(`process ${pid} did not end`);
}

/** Waits until nothing is left of what ran: processes below the server, control groups, and private folders. */
export async function assertNothingLeft({ pid, home }: Pick<EscapeServer, "pid" | "home">, words: readonly string[]) {
  let left: Readonly<Record<string, unknown>> = {};
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause(50)) {
    left = {
      processes: isRunning(pid) ? childrenOf(pid).filter(isRunning).map(wordsOf) : [],
      strays: processesWith(words),
      groups: groupsOf(pid),
      mounts: mountsOf(pid),
      work: existsSync(join(home, "work"))
        ? readdirSync(join(home, "work")).filter((name) => name !== OTHERS_WORK)
        : [],
    };
    if (Object.values(left).every((it) => (it as readonly unknown[]).length === 0)) return;
  }
  assert.fail(`left behind: ${JSON.stringify(left)}`);
}

function wordsOf(pid: number): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200)}`;
  } catch {
    return String(pid);
  }
}

/** Lists the processes of this machine with one of some words in their command line. */
export function processesWith(words: readonly string[]): readonly string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => wordsOf(Number(name))).filter((line) => words.some((word) => line.includes(word)));
}

/** Gives the processes with one of some words that are left after a while. */
export async function strays(words: readonly string[]): Promise<readonly string[]> {
  for (const end = Date.now() + WAIT_MS; processesWith(words).length > 0 && Date.now() < end;) await pause(200);
  return processesWith(words);
}

/** Lists the control groups that a server has made. */
export function groupsOf(pid: number): readonly string[] {
  return ["memory", "pids", "unified", "."].flatMap((name) => {
    const root = `/sys/fs/cgroup/${name}`;
    if (!existsSync(root)) return [];
    const find = (folder: string, depth: number): string[] =>
      foldersIn(folder).flatMap((it) => [
        ...(it.startsWith(`collet-${pid}-`) ? [join(folder, it)] : []),
        ...(depth > 0 ? find(join(folder, it), depth - 1) : []),
      ]);
    return find(root, 2);
  });
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((it) => it.isDirectory()).map((it) => it.name);
  } catch {
    // it was a group, which is gone
    return [];
  }
}

function mountsOf(pid: number): readonly string[] {
  try {
    const own = new Set(readFileSync("/proc/self/mountinfo", "utf8").split("\n").map((line) => line.split(" ")[4]));
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n").map((line) => line.split(" ")[4] ?? "")
      .filter((place) => place !== "" && !own.has(place));
  } catch {
    return [];
  }
}
