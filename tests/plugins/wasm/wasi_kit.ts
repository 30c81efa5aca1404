/**
 * Runs modules that are written in a test, and makes WASI calls as a module would.
 *
 * @module
 */
import { openFolder } from "../../../kernel/platform/worker_files.ts";
import type { ModuleHost } from "../../../plugins/wasm/worker/hosts.ts";
import type { ModuleRun, RunOutcome } from "../../../plugins/wasm/worker/messages.ts";
import { runModule } from "../../../plugins/wasm/worker/module_run.ts";
import { openGranted } from "../../../plugins/wasm/worker/wasi/granted_files.ts";
import { WasiHost } from "../../../plugins/wasm/worker/wasi/host.ts";
import { InputStream, OutputStream } from "../../../plugins/wasm/worker/wasi/streams.ts";
import { assemble } from "./wat_text.ts";

/** What a run did, beside its outcome. */
export interface Heard {
  readonly stdout: string[];
  readonly stderr: string[];
  readonly notices: unknown[];
}

/** A host that keeps what it hears. */
export function listeningHost(over: Partial<ModuleHost> = {}): ModuleHost & { readonly heard: Heard } {
  const heard: Heard = { stdout: [], stderr: [], notices: [] };
  return {
    heard,
    canWait: true,
    openFolder,
    stdout: (text) => void heard.stdout.push(text),
    stderr: (text) => void heard.stderr.push(text),
    isEnded: () => false,
    notify: (method, params) => void heard.notices.push([method, params]),
    readStdin: () => undefined,
    request: () => {
      throw new Error("No request is expected");
    },
    ...over,
  };
}

/** Functions of WASI, for modules that are written as text. */
export const WASI_IMPORTS = `
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "proc_raise" (func $proc_raise (param i32) (result i32)))
  (import "collet" "request" (func $request (param i32 i32) (result i32)))
  (import "collet" "reply" (func $reply (param i32)))`;

/** Runs a program whose body is given, with a memory of 16 MiB at most. */
export async function runBody(
  body: string,
  { host = listeningHost(), ...run }: Partial<ModuleRun> & { readonly host?: ModuleHost } = {},
): Promise<RunOutcome> {
  return await runText(`${WASI_IMPORTS} (memory (export "memory") 2 256) ${body}`, { host, ...run });
}

/** Runs a module. */
export async function runText(
  fields: string,
  { host = listeningHost(), ...run }: Partial<ModuleRun> & { readonly host?: ModuleHost } = {},
): Promise<RunOutcome> {
  const module = await WebAssembly.compile(await assemble(`(module ${fields})`));
  return runModule({ ...EMPTY_RUN, module, ...run }, host);
}

/** A run that is given nothing. */
export const EMPTY_RUN: ModuleRun = {
  kind: "module",
  name: "tool",
  digest: "",
  env: {},
  folders: [],
  outputBytes: 10_000_000,
  stdin: "",
  args: [],
  isInteractive: false,
};

/** Makes WASI calls on a memory of two pages. */
export class Caller implements Disposable {
  readonly imports: Readonly<Record<string, (...args: (number | bigint)[]) => number>>;
  readonly #memory = new WebAssembly.Memory({ initial: 2 });
  readonly #close: () => void;

  constructor({ folders = [], args = [], env = {}, canWait = true, stdin = "" }: {
    readonly folders?: ModuleRun["folders"];
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly canWait?: boolean;
    readonly stdin?: string;
  } = {}) {
    const granted = openGranted(folders, listeningHost());
    const streams = [new InputStream(stdin, () => undefined), new OutputStream(() => {}), new OutputStream(() => {})];
    const host = new WasiHost();
    const descriptors = [...streams, ...granted.folders];
    host.open({ args, env, descriptors, host: { canWait, isEnded: () => false } });
    host.attach(this.#memory);
    this.imports = host.imports as typeof this.imports;
    this.#close = () => {
      host.close();
      granted.close();
    };
  }

  /** Makes a call; gives the number that it answers. */
  call(name: string, ...args: readonly (number | bigint)[]): number {
    return this.imports[name]!(...args);
  }

  /** Writes text, and gives pointer and length. */
  text(pointer: number, text: string): [number, number] {
    const bytes = new TextEncoder().encode(text);
    this.bytes(pointer, bytes.length).set(bytes);
    return [pointer, bytes.length];
  }

  /** Makes a list of one `iovec`, and gives pointer and count. */
  vector(pointer: number, to: number, length: number): [number, number] {
    this.view.setUint32(pointer, to, true);
    this.view.setUint32(pointer + 4, length, true);
    return [pointer, 1];
  }

  /** Opens a path below a descriptor; gives what is answered, and the descriptor. */
  open(fd: number, path: string, { flags = 0, rights = 0 } = {}): [number, number] {
    const errno = this.call("path_open", fd, 1, ...this.text(4096, path), flags, BigInt(rights), 0n, 0, 0);
    return [errno, this.view.getUint32(0, true)];
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, pointer, length);
  }

  get view(): DataView {
    return new DataView(this.#memory.buffer);
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
