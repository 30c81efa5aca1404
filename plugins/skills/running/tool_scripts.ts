/**
 * The scripts of tools as they are now: where they lie, and how they are talked with.
 *
 * @module
 */
import { type Files, isKernelError, ToolError } from "../../../kernel/mod.ts";
import { readsWholeInput } from "../../scripts/contract.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { RegisteredTool } from "../catalog/registry.ts";
import { openSkill } from "../discovery/open_skill.ts";
import { isEnvFile } from "../env/env_names.ts";

/** What is larger is no script that could be looked at, in bytes; and how many characters of others are. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_CODE = 200_000;
/** Scripts that are known for the next call. */
const MOST_KNOWN = 1_000;
/** The revision that the modules for authors speak best: what fails is an error by its code. */
const MODULE_PROTOCOL = 2;
/** Imports the module for authors that speaks the script protocol, in Python, JavaScript, Ruby or a shell. */
const IMPORT_REGEXP =
  /^[ \t]*(?:from|import)[ \t]+collet_tool\b|\b(?:from|import|require)\s*\(?\s*["']collet_tool["']|^[ \t]*(?:\.|source)[ \t]+["']?collet_tool\.sh\b/m;

/** A tool's script. */
export interface ToolScript {
  /** Absolute path. */
  readonly file: string;
  /** Absolute path of its skill. */
  readonly folder: string;
  /** Path in its skill, for people. */
  readonly path: string;
  readonly isExecutable: boolean;
  /** The revision of the script protocol that it speaks; `undefined` when it takes arguments as skills do. */
  readonly protocol: number | undefined;
  /** Whether it reads stdin to the end. */
  readonly isStdinClosed: boolean;
}

type Source = Pick<ToolScript, "isStdinClosed"> & { readonly fingerprint: string; readonly isSpeaker: boolean };

/** Finds the scripts of tools. */
export class ToolScripts {
  readonly #files: Files;
  /** What is known of files by their path, that of the longest ago first. */
  readonly #known = new Map<string, Source>();

  constructor(files: Files) {
    this.#files = files;
  }

  /**
   * Finds the script of a tool.
   *
   * @throws {ToolError} when it has none, or none inside its skill any more.
   */
  async find(
    { name, sourceFile, declaration }: Pick<RegisteredTool, "name" | "sourceFile" | "declaration">,
    { found }: Pick<CatalogSkill, "found">,
  ): Promise<ToolScript> {
    const fail = (why: string, cause?: unknown) => new ToolError(`Cannot run tool "${name}": ${why}`, { cause });
    if (sourceFile === "") {
      throw fail(`its skill has no script for it; name one by "source_file", or add scripts/${declaration.name}.py`);
    }
    const path = pathBelow(found.path, sourceFile);
    if (path === undefined) throw fail(`its script "${sourceFile}" is not in the folder of its skill`);
    try {
      const folder = openSkill(this.#files, found.path);
      // followed anew each time: a link could have taken the file's place
      const file = await folder.resolve(path);
      const inside = pathBelow(folder.path, file) ?? path;
      const stat = await folder.stat(inside);
      if (stat?.kind !== "file") throw fail(`its script "${path}" is not there any more`);
      if (isEnvFile(inside)) throw fail(`"${path}" holds secrets, and is no script`);
      const source = await this.#look(
        file,
        stat.fingerprint,
        async () => stat.size > MOST_BYTES ? undefined : await folder.readText(inside),
      );
      return {
        file,
        folder: folder.path,
        path,
        isExecutable: ((stat.mode ?? 0) & 0o111) !== 0,
        protocol: declaration.protocol ?? (source.isSpeaker ? MODULE_PROTOCOL : undefined),
        isStdinClosed: source.isStdinClosed,
      };
    } catch (thrown) {
      if (isKernelError(thrown)) throw fail(`its script "${path}" leads out of its skill`, thrown);
      throw thrown;
    }
  }

  async #look(file: string, fingerprint: string, read: () => Promise<string | undefined>): Promise<Source> {
    const known = this.#known.get(file);
    this.#known.delete(file);
    const source = known?.fingerprint === fingerprint ? known : readSource(fingerprint, await read() ?? "");
    this.#known.set(file, source);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return source;
  }
}

function readSource(fingerprint: string, text: string): Source {
  const code = text.slice(0, MOST_CODE);
  return { fingerprint, isSpeaker: importsAuthorModule(code), isStdinClosed: readsWholeInput(code) };
}

/** Tells whether code speaks the script protocol, by the module for authors that it imports. */
export function importsAuthorModule(code: string): boolean {
  return IMPORT_REGEXP.test(code.slice(0, MOST_CODE));
}

/** Gives a path relative to a folder that it lies in, with `/` between parts. */
export function pathBelow(folder: string, path: string): string | undefined {
  const separator = folder.startsWith("/") ? "/" : "\\";
  const root = folder.endsWith(separator) ? folder : folder + separator;
  return path.startsWith(root) ? path.slice(root.length).replaceAll(separator, "/") : undefined;
}
