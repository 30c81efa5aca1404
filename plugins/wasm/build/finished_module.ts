/**
 * Takes modules that were compiled elsewhere, as Base64.
 *
 * @module
 */
import { type Folder, fromBase64, ToolError } from "../../../kernel/mod.ts";
import { readModule } from "../binary/outline.ts";
import { kindOf } from "../binary/sections.ts";
import type { Compiled, CompileOptions, Compiler, Source, Toolchain } from "./compiler.ts";
import { checkModule } from "./module_checks.ts";

const MIB = 1024 * 1024;
/** Most bytes of a module. */
const LARGEST_MODULE = 64 * MIB;
const DATA_URL_REGEXP = /^data:[^,]*;base64,/i;
/** Characters that are told of what is no module. */
const SHOWN = 20;

/** What a {@linkcode FinishedModuleCompiler} works with. */
export interface FinishedModuleOptions {
  /** Takes a component, once it is known to be one; without it components are refused. */
  readonly component?: (bytes: Uint8Array<ArrayBuffer>, options: CompileOptions) => Promise<Compiled>;
}

/** Takes finished modules. */
export class FinishedModuleCompiler implements Compiler {
  readonly languages = ["wasm"] as const;
  readonly #component: FinishedModuleOptions["component"];

  constructor({ component }: FinishedModuleOptions = {}) {
    this.#component = component;
  }

  check({ dependencies, files }: Source): void {
    if (dependencies.length > 0) throw new ToolError('a finished module has no "dependencies"; leave them out');
    if (Object.keys(files).length > 0) throw new ToolError('a finished module has no "files"; leave them out');
  }

  find(): Promise<Toolchain> {
    return Promise.resolve({ title: "finished module", identity: "finished module", target: "wasm32-wasip1" });
  }

  async compile({ code }: Source, options: CompileOptions): Promise<Compiled> {
    const bytes = decodeModule(code);
    if (kindOf(bytes) === "component") {
      if (this.#component !== undefined) return await this.#component(bytes, options);
      throw new ToolError(
        "it is a component of WASI preview 2, which nothing here runs; compile it for WASI preview 1 (wasm32-wasip1)",
      );
    }
    await checkModule(bytes);
    options.signal.throwIfAborted();
    return { artifact: { kind: "module", bytes }, warnings: [] };
  }
}

/**
 * Reads a module or component from Base64, standard or for addresses, with white space or as a `data:` URL.
 *
 * @throws {ToolError} when it is no Base64, larger than 64 MiB, or neither of them.
 */
function decodeModule(code: string): Uint8Array<ArrayBuffer> {
  const text = code.trim().replace(DATA_URL_REGEXP, "").replace(/\s+/g, "");
  if (text.length / 4 * 3 > LARGEST_MODULE + 3) throw tooLarge(Math.floor(text.length / 4 * 3));
  const bytes = decode(text);
  if (bytes === undefined) {
    throw new ToolError(
      `"code" is no module as Base64: it begins with ${
        JSON.stringify(code.trim().slice(0, SHOWN))
      }; expected Base64, ` +
        'which begins with "AGFzbQ", or the path of a ".wasm" file',
    );
  }
  if (kindOf(bytes) === undefined) readModule(bytes);
  return bytes;
}

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

/**
 * Reads the file of a module, which must be a regular one of at most 64 MiB.
 *
 * @param path Relative to the folder.
 * @throws {ToolError} when it is not.
 */
export async function readModuleFile(folder: Folder, path: string): Promise<Uint8Array> {
  const stat = await folder.stat(path);
  if (stat === undefined) throw new ToolError(`there is no file "${folder.path}/${path}"`);
  if (stat.kind !== "file") throw new ToolError(`"${folder.path}/${path}" is a ${stat.kind}; expected a ".wasm" file`);
  if (stat.size > LARGEST_MODULE) throw tooLarge(stat.size);
  const bytes = await folder.readBytes(path);
  if (bytes === undefined) throw new ToolError(`there is no file "${folder.path}/${path}"`);
  return bytes;
}

function tooLarge(size: number): ToolError {
  return new ToolError(
    `the module has ${Math.ceil(size / MIB)} MiB; expected at most ${LARGEST_MODULE / MIB}, such as without debug ` +
      "information (strip = true, -s)",
  );
}
