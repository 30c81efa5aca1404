/**
 * Runs a module over WASI preview 1, from a fresh instance to its end.
 *
 * @module
 */
import { FUEL_EXPORT } from "../binary/meter_exports.ts";
import type { ModuleHost } from "./hosts.ts";
import type { ModuleRun, RunOutcome } from "./messages.ts";
import { refillWhenSpent } from "./refill.ts";
import { missingImport, type RunImports, withImports } from "./run_imports.ts";
import { type Trap, trapOf } from "./traps.ts";
import { RunAbandoned } from "./wasi/errno.ts";
import { type GrantedFolders, openGranted } from "./wasi/granted_files.ts";
import { OutputExceeded } from "./wasi/output.ts";
import { RunStreams } from "./wasi/run_streams.ts";

/** Which part of its memory a module has taken that failed for want of more: few take the last page. */
const FULL = 0.9;

/** What a module exports. */
type Exports = Readonly<Record<string, unknown>>;

/**
 * Runs a module.
 *
 * @returns How it ended; a module that cannot be run is a trap as well.
 * @throws {Error} What is neither the module's nor of a limit, but a defect of the host.
 */
export function runModule(run: ModuleRun, host: ModuleHost): RunOutcome {
  const granted = open(run, host);
  if ("kind" in granted) return granted;
  const streams = new RunStreams(run, host);
  try {
    return withImports((imports) => {
      const descriptors = [...streams.descriptors, ...granted.folders];
      imports.open({ args: [run.name, ...run.args], env: run.env, descriptors }, host);
      const outcome = start(run, imports, host);
      // a module that catches every exception goes on after that
      if (streams.isExceeded) return outputExceeded(run);
      if (outcome === 0) return { kind: "exit", code: 0, stdout: streams.stdout() };
      const isFull = imports.wasi.memory.size >= FULL * (run.memoryBytes ?? Infinity);
      const state = isFull ? { isMemoryFull: true } as const : {};
      return typeof outcome === "number"
        ? { kind: "exit", code: outcome, stdout: streams.stdout(), ...state }
        : { ...outcome, ...state };
    });
  } finally {
    granted.close();
    streams.end();
  }
}

function open({ folders }: ModuleRun, host: ModuleHost): GrantedFolders | Trap {
  try {
    return openGranted(folders, host);
  } catch (error) {
    return trap(`a granted path cannot be opened: ${error instanceof Error ? error.message : error}`);
  }
}

/** Runs the module of a run; gives its exit code, or why it did not come to one. */
function start(run: ModuleRun, own: RunImports, host: ModuleHost): number | Trap {
  const { module } = run;
  if (module === undefined) throw new Error("Cannot run a module: it was not sent, and is not kept");
  const missing = missingImport(module, own);
  if (missing !== undefined) return trap(`import "${missing}" is not provided`);
  let exports: Exports = {};
  try {
    const instance = new WebAssembly.Instance(module, own.imports);
    ({ exports } = instance);
    const { memory: exported, _start } = exports;
    if (!(exported instanceof WebAssembly.Memory)) return trap('the module exports no memory named "memory"');
    if (typeof _start !== "function") return trap('the module exports no function "_start": it is no program');
    own.wasi.attach(exported);
    refillWhenSpent(exports, host);
    return own.wasi.start(instance);
  } catch (error) {
    if (error instanceof OutputExceeded) return outputExceeded(run);
    const isOver = error instanceof RunAbandoned || isSpent(exports);
    return isOver ? { ...trap("out of time"), limit: "time" } : trapOf(error);
  }
}

function isSpent(exports: Exports): boolean {
  const fuel = exports[FUEL_EXPORT];
  return fuel instanceof WebAssembly.Global && fuel.value < 0;
}

function outputExceeded({ outputBytes }: ModuleRun): Trap {
  return { ...trap(`stdout is over its limit of ${outputBytes} bytes`), limit: "output" };
}

function trap(reason: string): Trap {
  return { kind: "trap", reason };
}
