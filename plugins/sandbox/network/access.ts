/**
 * What the inside of a sandbox is given, so that its command reaches the addresses of an allow-list and no others.
 *
 * @module
 */
import type { Environment } from "../../../kernel/mod.ts";
import type { Mount } from "../confinement.ts";
import type { OwnFiles } from "../files.ts";
import { NETWORK_FILES, networkFiles } from "./files.ts";
import { planNetwork } from "./plan.ts";

const FOLDER_INSIDE = "/run/collet";
const SOCKET = "network.sock";
/** Words with which the server's own runtime runs a program of ours: it is not the one that is confined. */
const RUNTIME_WORDS: Readonly<Record<Environment["runtime"], readonly string[]>> = {
  deno: ["run", "--allow-all", "--no-config", "--no-lock", "--no-remote", "--quiet"],
  node: [],
  bun: ["run"],
  edge: [],
};

/** A command. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a sandbox with an allow-list has inside. */
export interface NetworkAccess {
  /** What is seen, beside the socket. */
  readonly mounts: readonly Mount[];
  /** Absolute path of the file that stands for `/etc/hosts`. */
  readonly hosts: string;
  /** Variables that lead to its proxy: every command has them, over its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Says where the socket is seen. */
  socketMount(socketPath: string): Mount;
  /** Writes the command that leads to the socket and runs another; paths are those inside. */
  wrap(
    command: CommandLine,
    options: { readonly path: (path: string) => string; readonly socketPath: string },
  ): CommandLine;
}

/** What {@linkcode prepareAccess} works with. */
export interface AccessOptions {
  readonly own: OwnFiles;
  readonly environment: Pick<Environment, "runtime" | "executable">;
}

/**
 * Prepares the inside for an allow-list.
 *
 * @throws {ToolError} naming what is no address.
 */
export async function prepareAccess(
  list: readonly string[],
  { own, environment: { runtime, executable } }: AccessOptions,
): Promise<NetworkAccess> {
  const { forwards, hostsLines, env: proxies, proxyPort } = planNetwork(list);
  const files = Object.fromEntries(
    await Promise.all(
      Object.entries(networkFiles()).map(async ([name, text]) => [name, await own.path(name, text)] as const),
    ),
  );
  const bridge = files[NETWORK_FILES.bridge]!;
  const nodeProxy = files[NETWORK_FILES.nodeProxy]!;
  return {
    mounts: Object.entries(files).map(([name, from]) => ({ from, to: `${FOLDER_INSIDE}/${name}` })),
    env: proxies,
    hosts: await own.path("hosts", `127.0.0.1 localhost sandbox\n${hostsLines.map((line) => `${line}\n`).join("")}`),
    socketMount: (from) => ({ from, to: `${FOLDER_INSIDE}/${SOCKET}`, writable: true }),
    wrap({ program, args, env: { NODE_OPTIONS: options, ...env } }, { path, socketPath }) {
      const request = {
        ...{ socket: path(socketPath), proxyPort, forwards, command: [program, ...args] },
        env: { ...proxies, NODE_OPTIONS: [options ?? "", `--require=${path(nodeProxy)}`].join(" ").trim() },
      };
      return {
        program: path(executable),
        args: [...RUNTIME_WORDS[runtime], path(bridge), JSON.stringify(request)],
        // Deno keeps what it compiled in its folder, which is the home of the command
        env,
      };
    },
  };
}
