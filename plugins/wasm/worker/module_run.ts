/**
 * Runs a module over WASI preview 1, from a fresh instance to its end.
 *
 * @module
 */
import { colletImports } from "./collet_imports.ts";
import type { ModuleHost } from "./hosts.ts";
import type { ModuleRun, RunOutcome } from "./messages.ts";
import { refillWhenSpent } from "./refill.ts";
import { type Trap, trapOf } from "./traps.ts";
import { type GrantedFolders, openGranted } from "./wasi/granted_files.ts";
import { WASI_MODULE, WasiHost } from "./wasi/host.ts";
import { ModuleMemory } from "./wasi/memory.ts";
import { OutputExceeded } from "./wasi/output.ts";
import { RunStreams } from "./wasi/run_streams.ts";

/** Name of the exported global that counts down what a metered run may still spend. */
const FUEL = "collet_fuel";
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
  const memory = new ModuleMemory();
  const wasi = new WasiHost({
    args: [run.name, ...run.args],
    env: run.env,
    descriptors: [...streams.descriptors, ...granted.folders],
    memory,
    // where a run is metered its thread serves others too
    canWait: run.fuel === undefined,
  });
  try {
    const imports = { [WASI_MODULE]: wasi.imports, collet: colletImports(memory, host) };
    const outcome = start(run, { imports, wasi, host });
    // a module that catches every exception goes on after that
    if (streams.isExceeded) return outputExceeded(run);
    if (outcome === 0) return { kind: "exit", code: 0, stdout: streams.stdout() };
    const state = memory.size >= FULL * (run.memoryBytes ?? Infinity) ? { isMemoryFull: true } as const : {};
    return typeof outcome === "number"
      ? { kind: "exit", code: outcome, stdout: streams.stdout(), ...state }
      : { ...outcome, ...state };
  } finally {
    wasi.close();
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
function start(
  run: ModuleRun,
  { imports, wasi, host }: {
    readonly imports: WebAssembly.Imports;
    readonly wasi: WasiHost;
    readonly host: ModuleHost;
  },
): number | Trap {
  const { module, fuel } = run;
  if (module === undefined) throw new Error("Cannot run a module: it was not sent, and is not kept");
  const missing = WebAssembly.Module.imports(module).find((it) => imports[it.module]?.[it.name] === undefined);
  if (missing !== undefined) return trap(`import "${missing.module}.${missing.name}" is not provided`);
  let exports: Exports = {};
  try {
    const instance = new WebAssembly.Instance(module, imports);
    ({ exports } = instance);
    const { memory: exported, _start } = exports;
    if (!(exported instanceof WebAssembly.Memory)) return trap('the module exports no memory named "memory"');
    if (typeof _start !== "function") return trap('the module exports no function "_start": it is no program');
    wasi.attach(exported);
    const left = exports[FUEL];
    if (fuel !== undefined && left instanceof WebAssembly.Global) left.value = fuel;
    refillWhenSpent(exports, host);
    return wasi.start(instance);
  } catch (error) {
    if (error instanceof OutputExceeded) return outputExceeded(run);
    return isSpent(exports) ? { ...trap("out of time"), limit: "time" } : trapOf(error);
  }
}

function isSpent(exports: Exports): boolean {
  const fuel = exports[FUEL];
  return fuel instanceof WebAssembly.Global && fuel.value < 0;
}

function outputExceeded({ outputBytes }: ModuleRun): Trap {
  return { ...trap(`stdout is over its limit of ${outputBytes} bytes`), limit: "output" };
}

function trap(reason: string): Trap {
  return { kind: "trap", reason };
}
