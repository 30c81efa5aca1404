/**
 * Runs commands for tests where the network is a gate alone: in a namespace of their own, made by bubblewrap, with the
 * bridge as their parent.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { NETWORK_FILES, networkFiles } from "../../../plugins/sandbox/network/files.ts";
import { type NetworkPlan, planNetwork } from "../../../plugins/sandbox/network/plan.ts";
import { startGate, type TestGate, type TestGateOptions } from "./network_kit.ts";
import { ROOT } from "../../support/root.ts";

const NOBODY = 65_534;
const FOLDER = "/run/collet";
const SOCKET = `${FOLDER}/network.sock`;
const BRIDGE = `${FOLDER}/${NETWORK_FILES.bridge}`;
/** Where Node inside finds what lets it use the proxy. */
export const NODE_PROXY: string = `${FOLDER}/${NETWORK_FILES.nodeProxy}`;
const LIMIT_MS = 60_000;

/** Who runs a command. */
export type User = "root" | "nobody" | "self";

/** Lists who can run commands here. */
export function users(): readonly User[] {
  return process.getuid?.() === 0 ? ["root", "nobody"] : ["self"];
}

/** Tells why nothing can be confined here; `false` when it can. */
export async function whyNoBubblewrap(): Promise<string | false> {
  if (process.platform !== "linux") return "bubblewrap is for Linux";
  for (const user of users()) {
    const { code, stderr } = await run([...asUser(user), "bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]);
    if (code !== 0) return `bubblewrap does not work here as ${user}: ${stderr.trim()}`;
  }
  return false;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is run with. */
export interface InsideOptions {
  /** Variables of the command alone. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that the bridge has as well, and passes on. */
  readonly outerEnv?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Is given the process of bubblewrap. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** A place without network, but for a gate. */
export interface Inside extends AsyncDisposable {
  readonly plan: NetworkPlan;
  readonly kit: TestGate;
  readonly folder: string;
  run(command: readonly string[], options?: InsideOptions): Promise<Ended>;
}

/** Opens a gate for a list, and makes what is needed inside. */
export async function openInside(
  list: readonly string[],
  { user = users()[0]!, ...options }: TestGateOptions & { readonly user?: User } = {},
): Promise<Inside> {
  const kit = startGate(options);
  const plan = planNetwork(list);
  const { socketPath } = await kit.gate.open(list);
  const folder = await mkdtemp(join(tmpdir(), "collet-inside-"));
  await chmod(folder, 0o755);
  const files = { ...networkFiles(), hosts: ["127.0.0.1 localhost", ...plan.hostsLines, ""].join("\n") };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  if (user === "nobody") {
    // a server that runs as nobody would own it
    await chmod(dirname(socketPath), 0o711);
    await chown(socketPath, NOBODY, NOBODY);
  }
  return {
    plan,
    kit,
    folder,
    run(command, { env = {}, outerEnv = {}, ...rest } = {}) {
      const { proxyPort, forwards } = plan;
      const settings = { socket: SOCKET, proxyPort, forwards, command, env: { ...plan.env, ...env } };
      const line = [...asUser(user), ...wrapper(socketPath, folder), ...bridgeCommand(), JSON.stringify(settings)];
      const outer = { PATH: process.env["PATH"] ?? "", HOME: "/tmp", DENO_DIR: "/tmp/deno", ...outerEnv };
      return run(line, { env: outer, ...rest });
    },
    async [Symbol.asyncDispose]() {
      await kit[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function asUser(user: User): readonly string[] {
  return user === "nobody" ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
}

function wrapper(socketPath: string, folder: string): readonly string[] {
  const view = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--tmpfs", "/tmp"];
  // it may lie there itself
  view.push("--ro-bind", ROOT, ROOT);
  const seen = { [NETWORK_FILES.bridge]: BRIDGE, [NETWORK_FILES.nodeProxy]: NODE_PROXY, hosts: "/etc/hosts" };
  const files = Object.entries(seen).flatMap(([name, path]) => ["--ro-bind", join(folder, name), path]);
  const ways = ["--ro-bind", folder, `${FOLDER}/more`, "--bind", socketPath, SOCKET, "--chdir", "/tmp"];
  return ["bwrap", ...view, ...files, ...ways, "--unshare-all", "--die-with-parent", "--new-session"];
}

/** The runtime of this test runs the bridge. */
function bridgeCommand(): readonly string[] {
  const isDeno = "Deno" in globalThis;
  const flags = isDeno ? ["run", "-A", "--no-config", "--no-lock", "--no-remote"] : [];
  return [process.execPath, ...flags, BRIDGE];
}

/** Runs a program to its end. */
export function run(
  [program = "", ...args]: readonly string[],
  { env, input, onStart }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly onStart?: (child: ChildProcess) => void;
  } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...(env && { env }), stdio: "pipe" });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes) => stdout += bytes);
    child.stderr.on("data", (bytes) => stderr += bytes);
    const finish = (code: number | null, more = "") => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr: stderr + more });
    };
    child.on("error", (error) => finish(null, error.message));
    child.on("close", (code) => finish(code));
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    onStart?.(child);
  });
}
