/**
 * Imports tools: opens the source, chooses among its tools, and saves each as a whole or not at all.
 *
 * @module
 */
import { type Call, didYouMean, isToolError, type JsonObject, type Log, ToolError } from "../../kernel/mod.ts";
import type { Manifest, ToolLibrary } from "../library/contract.ts";
import { type Candidate, draftOf, findTools, type FoundFolder, readTool } from "./candidates.ts";
import { Budget } from "./limits.ts";
import { openSource, type Reach } from "./open_source.ts";
import { parseSource } from "./source.ts";
import type { Origin, SourceTree } from "./tree.ts";

/** What `import_tool` was given. */
export interface ImportRequest {
  readonly source: string;
  readonly overwrite: boolean;
  readonly path?: string | undefined;
  readonly ref?: string | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly preview: boolean;
  readonly digest?: string | undefined;
  readonly name?: string | undefined;
}

/** A tool that was imported. */
export interface Imported {
  readonly name: string;
  readonly version: string;
  /** The version that it replaced, which is kept. */
  readonly replaced: string | undefined;
  /** Absolute path of its folder. */
  readonly path: string;
  readonly candidate: Candidate;
}

/** A tool that would be imported. */
export interface Planned {
  readonly name: string;
  /** The version that it would replace. */
  readonly replaces: string | undefined;
  readonly candidate: Candidate;
}

/** A tool that was not imported. */
export interface Skipped {
  readonly name: string | undefined;
  /** Its folder in the source, `.` for the root. */
  readonly folder: string;
  readonly reason: string;
}

/** What became of an import. */
export interface ImportReport {
  readonly origin: Origin;
  readonly imported: readonly Imported[];
  readonly planned: readonly Planned[];
  readonly skipped: readonly Skipped[];
}

/** What an {@linkcode Importer} works with. */
export interface ImporterOptions extends Reach {
  readonly library: ToolLibrary;
  readonly log: Log;
  /** Whether a call is of the server's own user. */
  readonly isOwnUser: (call: Call) => boolean;
}

/** A tool that was read. */
interface NamedCandidate {
  /** What it will be called. */
  readonly name: string;
  readonly folder: string;
  readonly candidate: Candidate;
}

interface ReadSource {
  readonly origin: Origin;
  readonly tools: readonly NamedCandidate[];
  readonly skipped: readonly Skipped[];
}

type FoundTool = Extract<FoundFolder, { manifest: Manifest }>;

interface Chosen {
  readonly tools: readonly FoundTool[];
  readonly skipped: readonly Skipped[];
}

/** Imports tools. */
export class Importer {
  readonly #options: ImporterOptions;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  /**
   * Imports the tools of a source, or looks what would be imported.
   *
   * @throws {ToolError} when the source cannot be read, or holds none of the tools that were asked for.
   */
  async run(request: ImportRequest, call: Call): Promise<ImportReport> {
    const { limits, isOwnUser } = this.#options;
    const source = parseSource(request);
    const late = AbortSignal.timeout(limits.timeout_ms);
    const signal = AbortSignal.any([call.signal, late]);
    let read: ReadSource;
    try {
      await call.progress(0, undefined, "Reading the source");
      const tree = await openSource(source, this.#options, { isOwnUser: isOwnUser(call), signal });
      read = await this.#read(tree, request, signal).finally(() => tree.close?.());
    } catch (error) {
      if (!late.aborted || call.signal.aborted) throw error;
      const seconds = limits.timeout_ms / 1000;
      throw new ToolError(`Cannot import: the source took longer than ${seconds} s (timeout_ms)`, { cause: error });
    }
    return await this.#import(read, request, call);
  }

  /** Reads the tools that were chosen, all of them before the first is saved: to install packages may take long. */
  async #read(tree: SourceTree, request: ImportRequest, signal: AbortSignal): Promise<ReadSource> {
    const { library, limits } = this.#options;
    const chosen = await this.#choose(tree, request);
    const budget = new Budget(limits);
    const [tools, skipped]: [NamedCandidate[], Skipped[]] = [[], [...chosen.skipped]];
    for (const found of chosen.tools) {
      const { folder, manifest: { name: own } } = found;
      const name = request.name ?? own;
      try {
        signal.throwIfAborted();
        const candidate = await readTool(tree, found, { library, limits, budget });
        checkDigest(candidate, request.digest);
        tools.push({ name, folder, candidate });
      } catch (error) {
        skipped.push(skip(error, { name, folder }));
      }
    }
    return { origin: tree.origin, tools, skipped };
  }

  async #import({ origin, tools, skipped }: ReadSource, request: ImportRequest, call: Call): Promise<ImportReport> {
    const report = { origin, imported: [] as Imported[], planned: [] as Planned[], skipped: [...skipped] };
    for (const [i, tool] of tools.entries()) {
      const draft = draftOf(tool.candidate, { name: tool.name, origin: { ...origin } });
      await call.progress(i + 1, tools.length + 1, `${request.preview ? "Looking at" : "Importing"} "${tool.name}"`);
      try {
        if (request.preview) report.planned.push(await this.#plan(tool, draft, request));
        else report.imported.push(await this.#save(tool, draft, { request, call }));
      } catch (error) {
        report.skipped.push(skip(error, tool));
      }
    }
    return report;
  }

  async #choose(tree: SourceTree, { tools: names, name, digest }: ImportRequest): Promise<Chosen> {
    const fail = (why: string) => new ToolError(`Cannot import from ${tree.origin.from}: ${why}`);
    const found = await findTools(tree, this.#options.library).catch((error) => {
      throw isToolError(error) ? fail(error.message) : error;
    });
    const broken = found.filter((it) => "reason" in it);
    const whole = found.filter((it) => "manifest" in it);
    for (const wanted of names ?? []) {
      if (whole.some((it) => it.manifest.name === wanted)) continue;
      const known = whole.map((it) => it.manifest.name);
      throw fail(`it holds no tool "${wanted}"${didYouMean(wanted, known)}; it holds ${known.slice(0, 30).join(", ")}`);
    }
    const tools = whole.filter((it) => names === undefined || names.includes(it.manifest.name));
    for (const [field, value] of Object.entries({ name, digest })) {
      if (value === undefined || tools.length <= 1) continue;
      throw fail(`"${field}" is for one tool, and there are ${tools.length}; choose one by "tools"`);
    }
    const skipped = names === undefined ? broken : [];
    return {
      tools,
      skipped: skipped.map(({ folder, reason }) => ({ name: undefined, folder: shownFolder(folder), reason })),
    };
  }

  async #plan({ name, candidate }: NamedCandidate, draft: Manifest, request: ImportRequest): Promise<Planned> {
    const { library } = this.#options;
    await library.check(draft, request);
    return { name, replaces: library.get(name)?.manifest?.version, candidate };
  }

  async #save(
    { name, candidate }: NamedCandidate,
    draft: Manifest,
    { request: { overwrite }, call }: { readonly request: ImportRequest; readonly call: Call },
  ): Promise<Imported> {
    const { library, log } = this.#options;
    const { manifest, replaced, path } = await library.save(draft, candidate.files, { overwrite, isWhole: true, call });
    const { version } = manifest;
    log.info(`Tool "${name}" ${version} was imported`, { ...draft["source"] as JsonObject });
    return { name, version, replaced, path, candidate };
  }
}

/** Tells why a tool was skipped; what is no failure of the tool goes on. */
function skip(error: unknown, { name, folder }: { readonly name: string; readonly folder: string }): Skipped {
  if (!isToolError(error)) throw error;
  // the answer says what could not be done
  return { name, folder: shownFolder(folder), reason: error.message.replace(/^Cannot save tool "[^"]*": /, "") };
}

function checkDigest({ pin }: Candidate, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const plain = wanted.trim().toLowerCase().replace(/^sha-?256[:-]/, "");
  if (plain !== pin) {
    throw new ToolError(`its digest is ${pin}, expected ${plain}: its files, or its manifest, are not those meant`);
  }
}

function shownFolder(folder: string): string {
  return folder === "" ? "." : folder;
}
