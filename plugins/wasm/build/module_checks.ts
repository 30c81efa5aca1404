/**
 * What a module has to be to run as a tool: what it may import, and what it has to export.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../kernel/mod.ts";
import { checkBounds } from "../binary/limit_memory.ts";
import { type ModuleImport, type ModuleOutline, readModule } from "../binary/outline.ts";

const WASI = "wasi_snapshot_preview1";
const COLLET = "collet";
/** Names that are told of a list. */
const MOST_NAMES = 10;

/** What tools may import: functions by the names of their modules. */
export const ALLOWED_IMPORTS: Readonly<Record<string, ReadonlySet<string>>> = {
  [WASI]: new Set([
    ...["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get"],
    ...["fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags"],
    ...["fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread"],
    ...["fd_prestat_get", "fd_prestat_dir_name", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek"],
    ...["fd_sync", "fd_tell", "fd_write", "path_create_directory", "path_filestat_get", "path_filestat_set_times"],
    ...["path_link", "path_open", "path_readlink", "path_remove_directory", "path_rename", "path_symlink"],
    ...["path_unlink_file", "poll_oneoff", "proc_exit", "proc_raise", "random_get", "sched_yield"],
    ...["sock_accept", "sock_recv", "sock_send", "sock_shutdown"],
  ]),
  [COLLET]: new Set(["request", "reply"]),
};

/** What is known of modules that others provide, the first that matches. */
const HINTS: readonly (readonly [module: RegExp, hint: string])[] = [
  [/^wasi_unstable$/, "it was made for WASI before preview 1; compile it again by a newer compiler, for wasm32-wasip1"],
  [new RegExp(`^${WASI}$`), "WASI preview 1 has no such function; WebAssembly runtimes of others may"],
  [new RegExp(`^${COLLET}$`), `"${COLLET}" has the functions "request" and "reply"`],
  [/^(?:go|gojs)$/, "it was made for browsers; compile it with GOOS=wasip1 GOARCH=wasm"],
  [
    /^(?:wbg|__wbindgen_.*|\.\/.*)$/,
    "it was made for browsers by wasm-bindgen; compile it for wasm32-wasip1 without it",
  ],
  [/^extism/, "it was made for Extism; read the arguments from stdin and print the result instead"],
  [
    /^(?:wasi:|cm32p2|\$root|\[export\])/,
    "it is the inside of a component; give the component, or compile it for wasm32-wasip1",
  ],
  [/^wasi$/, "threads are not provided; compile it without them"],
  [
    /^(?:env|a|index|asyncify)$/,
    "a function was declared and never linked, or it was made for browsers, such as by Emscripten or by AssemblyScript " +
    "without WASI; compile it for wasm32-wasip1",
  ],
];

/**
 * Checks what a module imports.
 *
 * @throws {ToolError} listing what nothing provides, and what to do.
 */
export function checkImports({ imports }: Pick<ModuleOutline, "imports">): void {
  const refused = imports.filter((it) => it.kind !== "function" || !isAllowed(it));
  if (refused.length === 0) return;
  const names = [...new Set(refused.map(sayImport))];
  const hints = new Set(refused.map(hintOf).filter((hint) => hint !== undefined));
  throw new ToolError(
    `it imports what nothing provides: ${listNames(names)}; ${[...hints, ""].join("; ")}` +
      `a tool imports functions of "${WASI}" and "${COLLET}" alone`,
  );
}

function isAllowed({ module, name }: ModuleImport): boolean {
  return Object.hasOwn(ALLOWED_IMPORTS, module) && ALLOWED_IMPORTS[module]!.has(name);
}

function sayImport({ module, name, kind }: ModuleImport): string {
  return `${kind === "function" ? "" : `${kind} `}"${module}.${name}"`;
}

function hintOf({ module, kind }: ModuleImport): string | undefined {
  if (kind === "memory") return "its memory has to be its own; link it without --import-memory";
  return HINTS.find(([it]) => it.test(module))?.[1];
}

function listNames(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more`;
}

/**
 * Checks that a module is a program whose memory can be bounded, and that it imports no more than it may.
 *
 * @throws {ToolError} saying what is missing or too much, and what to do.
 */
export function checkProgram(outline: ModuleOutline): void {
  checkImports(outline);
  const has = (kind: string, name: string) => outline.exports.some((it) => it.kind === kind && it.name === name);
  if (!has("function", "_start")) {
    throw new ToolError(
      has("function", "_initialize")
        ? 'it is a library: it exports the function "_initialize" and no "_start"; compile it as a program with a main ' +
          "function (a command, no reactor)"
        : 'it exports no function "_start", where a tool begins: export it, or compile a program with a main function',
    );
  }
  if (!has("memory", "memory")) {
    throw new ToolError('it exports no memory "memory", through which a tool reads and writes: export its memory so');
  }
  checkBounds(outline);
}

/**
 * Checks a module as {@linkcode checkProgram} does, and that the engine of this runtime takes it.
 *
 * @throws {ToolError} saying why not.
 */
export async function checkModule(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  checkProgram(readModule(bytes));
  try {
    await WebAssembly.compile(bytes);
  } catch (error) {
    const said = messageOf(error).replace(/^WebAssembly\.\w+\(\): /, "");
    throw new ToolError(`the WebAssembly engine of this server refuses it: ${said}`, { cause: error });
  }
}
