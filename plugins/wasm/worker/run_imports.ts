/**
 * What modules import, for one run after the other.
 *
 * @module
 */
import { ColletHost } from "./collet_imports.ts";
import type { ModuleHost } from "./hosts.ts";
import { WASI_MODULE, WasiHost, type WasiRun } from "./wasi/host.ts";

/** Serves what a module imports. */
export class RunImports {
  readonly wasi: WasiHost = new WasiHost();
  readonly #collet = new ColletHost(this.wasi.memory);
  readonly imports: WebAssembly.Imports = { [WASI_MODULE]: this.wasi.imports, collet: this.#collet.imports };

  /** Begins a run. */
  open(run: Omit<WasiRun, "host">, host: ModuleHost): void {
    this.wasi.open({ ...run, host });
    this.#collet.open(host);
  }

  /** Ends it: nothing of it is left. */
  close(): void {
    this.wasi.close();
    this.#collet.close();
  }
}

/** Those that no run has. There is one in most threads, since runs follow one another. */
const free: RunImports[] = [];

/** Gives work imports that nobody else has meanwhile. */
export function withImports<T>(work: (imports: RunImports) => T): T {
  const imports = free.pop() ?? new RunImports();
  try {
    return work(imports);
  } finally {
    imports.close();
    free.push(imports);
  }
}

/** The first import of each module that is not provided. */
const missing = new WeakMap<WebAssembly.Module, string | undefined>();

/** Gives the first import of a module that is not provided, such as `env.abort`; looked for once. */
export function missingImport(module: WebAssembly.Module, { imports }: RunImports): string | undefined {
  if (!missing.has(module)) {
    const found = WebAssembly.Module.imports(module).find((it) => imports[it.module]?.[it.name] === undefined);
    missing.set(module, found && `${found.module}.${found.name}`);
  }
  return missing.get(module);
}
