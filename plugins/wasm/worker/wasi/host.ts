/**
 * WASI preview 1: the shim's calls, and ours where it lacks or differs.
 *
 * @module
 */
import { WASI } from "@bjorn3/browser_wasi_shim";
import { importsOf } from "./calls.ts";
import { clockCalls, Clocks } from "./clocks.ts";
import type { Descriptor } from "./descriptor.ts";
import { descriptorCalls } from "./descriptor_calls.ts";
import { DescriptorTable } from "./descriptor_table.ts";
import { RunAbandoned } from "./errno.ts";
import { ModuleMemory } from "./memory.ts";
import { pathCalls } from "./path_calls.ts";
import { pollCalls, type WaitHost } from "./poll.ts";
import { processCalls } from "./process_calls.ts";

/** What a run has at its start. */
export interface WasiRun {
  /** With the name of the program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By their numbers: the streams, then the folders. */
  readonly descriptors: readonly Descriptor[];
  readonly host: WaitHost;
}

/** Name of the module that the calls are imported from. */
export const WASI_MODULE = "wasi_snapshot_preview1";

const NOBODY: WaitHost = { canWait: false, isEnded: () => true };

/**
 * What serves the WASI calls of runs, one after the other. The calls are made once, since to make them takes as long as a
 * short run does; all that they work on is filled when a run begins, and emptied at its end.
 */
export class WasiHost {
  readonly imports: WebAssembly.ModuleImports;
  /** That of the run. */
  readonly memory: ModuleMemory = new ModuleMemory();
  readonly #table = new DescriptorTable();
  readonly #clocks = new Clocks();
  readonly #shim: WASI;
  #host = NOBODY;

  constructor() {
    this.#shim = new WASI([], [], this.#table.shimList, { debug: false });
    const table = this.#table;
    const clocks = this.#clocks;
    this.imports = importsOf({
      ...this.#shim.wasiImport,
      ...processCalls(this.memory, this.#shim),
      ...clockCalls(this.memory, clocks),
      ...descriptorCalls(this.memory, table),
      ...pathCalls(this.memory, table),
      ...pollCalls(this.memory, { table, clocks, hostOf: () => this.#host }),
    }, () => this.#check());
  }

  #check(): void {
    // the shim's own functions fail without a word when there is no memory yet
    this.memory.check();
    // a call may take long, or do much, while the module counts a step
    if (this.#host.isEnded()) throw new RunAbandoned();
  }

  /** Begins a run. */
  open({ args, env, descriptors, host }: WasiRun): void {
    this.#shim.args = [...args];
    this.#shim.env = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    this.#table.open(descriptors);
    this.#clocks.start();
    this.#host = host;
  }

  /** Takes the memory that the calls are about; before that each is a trap. */
  attach(memory: WebAssembly.Memory): void {
    this.memory.attach(memory);
    this.#shim.inst = { exports: { memory } };
  }

  /**
   * Runs an instance from its start to its end.
   *
   * @param instance Exports `memory` and `_start`.
   * @returns The exit code; one beyond 31 bits is negative, as C has it.
   * @throws What the module traps with.
   */
  start(instance: WebAssembly.Instance): number {
    return this.#shim.start(instance as Parameters<WASI["start"]>[0]) | 0;
  }

  /** Closes what the run left open, and forgets the run: a call that comes later is a trap. */
  close(): void {
    this.#table.close();
    this.#host = NOBODY;
    this.memory.attach(undefined);
    this.#shim.args = [];
    this.#shim.env = [];
    // that of the shim holds the memory of a run as well
    this.#shim.inst = { exports: {} } as WASI["inst"];
  }
}
