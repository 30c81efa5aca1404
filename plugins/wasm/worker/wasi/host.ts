/**
 * WASI preview 1 for one run: the shim's calls, and ours where it lacks or differs.
 *
 * @module
 */
import { WASI } from "@bjorn3/browser_wasi_shim";
import { importsOf } from "./calls.ts";
import { clockCalls, Clocks } from "./clocks.ts";
import type { Descriptor } from "./descriptor.ts";
import { descriptorCalls } from "./descriptor_calls.ts";
import { DescriptorTable } from "./descriptor_table.ts";
import type { ModuleMemory } from "./memory.ts";
import { pathCalls } from "./path_calls.ts";
import { pollCalls } from "./poll.ts";
import { processCalls } from "./process_calls.ts";

/** What a host is made of. */
export interface WasiHostOptions {
  /** With the name of the program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By their numbers: the streams, then the folders. */
  readonly descriptors: readonly Descriptor[];
  readonly memory: ModuleMemory;
  /** Whether the run may sleep, where its thread can. */
  readonly canWait: boolean;
}

/** Name of the module that the calls are imported from. */
export const WASI_MODULE = "wasi_snapshot_preview1";

/** What serves the WASI calls of one run. */
export class WasiHost {
  readonly imports: WebAssembly.ModuleImports;
  readonly #shim: WASI;
  readonly #table: DescriptorTable;
  readonly #memory: ModuleMemory;

  constructor({ args, env, descriptors, memory, canWait }: WasiHostOptions) {
    this.#memory = memory;
    this.#table = new DescriptorTable(descriptors);
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    this.#shim = new WASI([...args], variables, this.#table.shimList, { debug: false });
    const table = this.#table;
    const clocks = new Clocks();
    this.imports = importsOf({
      ...this.#shim.wasiImport,
      ...processCalls(memory, args),
      ...clockCalls(memory, clocks),
      ...descriptorCalls(memory, table),
      ...pathCalls(memory, table),
      ...pollCalls(memory, { table, clocks, canWait }),
    }, memory);
  }

  /** Takes the memory that the calls are about; before that each is a trap. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory.attach(memory);
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

  /** Closes what the run left open. */
  close(): void {
    this.#table.close();
  }
}
