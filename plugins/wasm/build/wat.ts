/**
 * Compiles the text format of WebAssembly by wabt, which is WebAssembly itself and needs no program.
 *
 * @module
 */
import { ToolError, type Worker, type Workers } from "../../../kernel/mod.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Diagnostic,
  type Source,
  type Toolchain,
} from "./compiler.ts";
import { readLocated } from "./located_diagnostics.ts";
import { checkModule } from "./module_checks.ts";
import { mainFileOf } from "./source_files.ts";

const WORKER = new URL("./wat_worker.ts", import.meta.url);
const FILE = mainFileOf("wat");
/** Its version, which package.json has as well. */
const WABT = "wabt 1.0.39";
/** What goes beyond its defaults; engines may take less. */
const FEATURES: readonly string[] = [
  "annotations",
  "code_metadata",
  "exceptions",
  "extended_const",
  "function_references",
  "memory64",
  "multi_memory",
  "relaxed_simd",
  "tail_call",
  "threads",
];
const MIB = 1024 * 1024;
/** Most characters of a text. */
const LONGEST_CODE = 4 * MIB;
/** The heap of the worker's JavaScript; wabt's own memory is bounded by the length of the text. */
const HEAP = 256 * MIB;

/** What the worker is sent. */
export interface WatRequest {
  readonly file: string;
  readonly code: string;
  /** Names of features beside those that are on by default. */
  readonly features: readonly string[];
}

/** What the worker sends: the module, or what wabt said. */
export type WatReply = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly output: string };

/** What a {@linkcode WatCompiler} works with. */
export interface WatOptions {
  readonly workers: Workers;
  /** Ends a compilation, in milliseconds; default 60,000. */
  readonly timeoutMs?: number;
}

/** Compiles the text format of WebAssembly. */
export class WatCompiler implements Compiler {
  readonly languages = ["wat"] as const;
  readonly #workers: Workers;
  readonly #timeoutMs: number;

  constructor({ workers, timeoutMs = 60_000 }: WatOptions) {
    this.#workers = workers;
    this.#timeoutMs = timeoutMs;
  }

  check({ code, dependencies, files }: Source): void {
    if (dependencies.length > 0) {
      throw new ToolError('there are no packages for WebAssembly text; leave "dependencies" out');
    }
    if (Object.keys(files).length > 0) {
      throw new ToolError('WebAssembly text is one file; leave "files" out, and put all of it into "code"');
    }
    if (code.length > LONGEST_CODE) {
      throw new ToolError(
        `"code" has ${code.length} characters; expected at most ${LONGEST_CODE}, or a finished module (language "wasm")`,
      );
    }
  }

  find(): Promise<Toolchain> {
    return Promise.resolve({ title: WABT, identity: [WABT, ...FEATURES].join(" "), target: "wasm32-wasip1" });
  }

  async compile({ code }: Source, { signal }: CompileOptions): Promise<Compiled> {
    signal.throwIfAborted();
    const worker = this.#workers.start(WORKER, { heapBytes: HEAP });
    try {
      const reply = await this.#ask(worker, { request: { file: FILE, code, features: FEATURES }, signal });
      if (!("bytes" in reply)) throw failureOf(reply.output);
      const { bytes } = reply;
      await checkModule(bytes);
      return { artifact: { kind: "module", bytes }, warnings: [] };
    } finally {
      // not waited for: where a thread cannot be interrupted it goes on to the end of its text
      void worker.terminate();
    }
  }

  async #ask(
    worker: Worker,
    { request, signal }: { readonly request: WatRequest; readonly signal: AbortSignal },
  ): Promise<WatReply> {
    let stop = (): void => {};
    try {
      return await new Promise<WatReply>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        const onTimeout = () => {
          reject(new ToolError(`"${WABT}" was ended: it took longer than ${this.#timeoutMs / 1000} s`));
        };
        const timer = setTimeout(onTimeout, this.#timeoutMs);
        signal.addEventListener("abort", onAbort, { once: true });
        stop = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
        };
        worker.listen((message) => resolve(message as WatReply));
        void worker.ended.then((cause) => reject(new ToolError(`"${WABT}" ended before it was done`, { cause })));
        worker.post(request);
      });
    } finally {
      stop();
    }
  }
}

function failureOf(output: string): CompileFailure {
  const located = readLocated(output, (path) => path === FILE);
  const whole: Diagnostic = { severity: "error", message: output.trim() };
  return new CompileFailure(located.length > 0 ? located : [whole], output);
}
