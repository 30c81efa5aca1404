/**
 * A machine to break out to, and mechanisms run for real without a server: as root, and as an ordinary user.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Files, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { ETC_FILES, readSystem } from "../../../plugins/sandbox/system.ts";
import { HOME_INSIDE, type MechanismProgram, type View } from "../../../plugins/sandbox/view.ts";
import { ESCAPES } from "./escape_attempts.ts";

/** Who runs the mechanism. */
export interface User {
  readonly name: string;
  readonly id: number;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ROOT: User = { name: "root", id: 0 };
const isRoot = process.getuid?.() === 0;
const TOOL_INSIDE = "/tools/escape";

/** Who to run as: root and somebody else where this is root, else who this is. */
export function testUsers(ordinary: User | undefined): readonly User[] {
  if (!isRoot) return [{ name: "this user", id: process.getuid?.() ?? -1 }];
  return ordinary === undefined ? [ROOT] : [ROOT, ordinary];
}

/** Finds a user of the machine who owns a home, as firejail asks for. */
export function userWithHome(): User | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , id = "", , , home = ""] = line.split(":");
    if (Number(id) > 0 && name !== "nobody" && statSync(home, { throwIfNoEntry: false })?.uid === Number(id)) {
      return { name, id: Number(id) };
    }
  }
  return undefined;
}

/** Gives the absolute path of a program in PATH. */
export function which(program: string): string | undefined {
  const { stdout } = spawnSync("/bin/sh", ["-c", 'command -v "$1"', "sh", program], { encoding: "utf8" });
  return stdout.startsWith("/") ? stdout.trim() : undefined;
}

/** Folders, a server with secrets, and what listens on it. */
export class Machine implements AsyncDisposable {
  /** A name that appears where a command wrote to. */
  readonly marker: string = `collet-escape-${process.pid}-${Date.now()}`;
  readonly secret: string = `secret of ${this.marker}`;
  readonly folder: string;
  readonly server: ChildProcess;
  readonly #listeners: readonly Server[];

  private constructor(folder: string, listeners: readonly Server[]) {
    this.folder = folder;
    this.#listeners = listeners;
    // what stands for the server: of the same user, with a secret in its environment
    this.server = spawn("sleep", ["1000"], { env: { PATH: process.env["PATH"], SECRET: this.secret } });
  }

  static async make(): Promise<Machine> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "collet-mechanism-")));
    const listeners = [createServer(), createServer(), createServer()];
    for (const it of listeners) it.on("connection", (socket) => socket.destroy());
    const machine = new Machine(folder, listeners);
    const [tcp, path, abstract] = listeners as [Server, Server, Server];
    await Promise.all([
      listening(tcp, { host: "127.0.0.1", port: 0 }),
      listening(path, { path: join(folder, "docker.sock") }),
      listening(abstract, { path: `\0${machine.marker}` }),
    ]);
    machine.#fill();
    return machine;
  }

  /** Port of something that listens on this machine. */
  get port(): number {
    const address = this.#listeners[0]!.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  #fill(): void {
    for (const name of ["home", "state", "other", "tool", "etc"]) mkdirSync(join(this.folder, name));
    for (const name of ["home", "state", "other"]) writeFileSync(join(this.folder, name, "secret"), this.secret);
    for (const [path, text] of Object.entries(ETC_FILES)) writeFileSync(join(this.folder, path), text);
    writeFileSync(join(this.folder, "tool", "escape.py"), ESCAPES);
    chmodSync(this.folder, 0o755);
    chmodSync(join(this.folder, "docker.sock"), 0o777);
  }

  /** Makes a private folder of a user. */
  privateFolder(user: User): string {
    const folder = mkdtempSync(join(this.folder, "work-"));
    chownSync(folder, user.id, user.id === ROOT.id ? 0 : user.id);
    return folder;
  }

  /** Gives what a command of a user sees: the tool's folder and its private one. */
  async view(mechanism: MechanismProgram, user: User, changes: Partial<View> = {}): Promise<View> {
    const folder = mechanism.canMove ? undefined : this.privateFolder(user);
    const tool = join(this.folder, "tool");
    return {
      system: await knownSystem(),
      etc: Object.fromEntries(Object.keys(ETC_FILES).map((path) => [path, join(this.folder, path)])),
      hidden: [join(this.folder, "home"), join(this.folder, "state"), this.folder],
      mounts: [{ from: tool, to: mechanism.canMove ? TOOL_INSIDE : tool, isWritable: false }],
      folders: [],
      folder,
      cwd: folder ?? HOME_INSIDE,
      hasNetwork: false,
      diskBytes: 2 ** 24,
      processes: undefined,
      hasFilter: true,
      architecture: process.arch === "arm64" ? "arm64" : "x64",
      isRoot: user.id === ROOT.id,
      ...changes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.kill("SIGKILL");
    await Promise.all(this.#listeners.map((it) => new Promise((resolve) => it.close(resolve))));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function listening(server: Server, where: { host?: string; port?: number; path?: string }): Promise<void> {
  server.listen(where);
  await once(server, "listening");
}

let system: View["system"] | undefined;

async function knownSystem(): Promise<View["system"]> {
  if (system !== undefined) return system;
  const home = mkdtempSync(join(tmpdir(), "collet-system-"));
  try {
    await using kernel = await new Kernel().use(await detectPlatform({ home })).start();
    return system = await readSystem(kernel.get(Files)!);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What is run inside. */
export interface Inside {
  readonly mechanism: MechanismProgram;
  /** Absolute path of the mechanism's program. */
  readonly path: string;
  readonly user: User;
  readonly view: View;
}

/** Starts a command in a mechanism, in a group of its own. */
export function start(
  { mechanism, path, user, view }: Inside,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const words = [path, ...mechanism.wrap(view), ...command];
  const [program = "", ...args] = user.id === (process.getuid?.() ?? 0)
    ? words
    : ["setpriv", `--reuid=${user.id}`, `--regid=${user.id}`, "--clear-groups", ...words];
  return spawn(program, args, {
    cwd: "/",
    detached: true,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: view.folder ?? HOME_INSIDE, ...env },
  });
}

/** Runs a command to its end. */
export async function run(
  inside: Inside,
  command: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const child = start(inside, command, env);
  let [stdout, stderr] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr!.setEncoding("utf8").on("data", (text: string) => stderr += text);
  child.stdin!.on("error", () => {});
  child.stdin!.end(input);
  const [code, signal] = await once(child, "close");
  return { code, signal, stdout, stderr };
}

/** Waits until a child has written a text. */
export async function written(child: ChildProcess, text: string): Promise<void> {
  let all = "";
  const found = new Promise<void>((resolve, reject) => {
    child.stdout!.setEncoding("utf8").on("data", (piece: string) => {
      all += piece;
      if (all.includes(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended before it wrote "${text}": "${all}"`)));
  });
  await found;
}

/** Lists the processes of this machine with a word in their command line. */
export function processesWith(word: string): readonly string[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes(word));
}

/** Waits until no process has a word in its command line; gives those that are left after ten seconds. */
export async function remaining(word: string): Promise<readonly string[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (processesWith(word).length === 0) return [];
    await sleep(100);
  }
  return processesWith(word);
}
