/**
 * Exports tools: their code and a manifest for others, as files, as an archive, or in hand.
 *
 * @module
 */
import {
  type Call,
  didYouMean,
  type Files,
  type Folder,
  isObject,
  type JsonObject,
  ToolError,
} from "../../kernel/mod.ts";
import type { FileWithMode, ToolLibrary } from "../library/contract.ts";
import type { Secrets } from "../secrets/contract.ts";
import { type Candidate, findTools, type LeftOut, pinOf, readTool } from "./candidates.ts";
import { explain } from "./failures.ts";
import { Budget, type Limits } from "./limits.ts";
import { openFolder } from "./local.ts";
import { type ArchiveFormat, formatOf } from "./formats.ts";
import { type PackedFile, packFiles } from "./pack.ts";
import { MANIFEST_FILE } from "./paths.ts";

/** What `export_tool` was given. */
export interface ExportRequest {
  readonly tool_name: string;
  readonly version?: string | undefined;
  readonly to?: string | undefined;
  readonly overwrite: boolean;
}

/** What was exported. */
export interface ExportReport {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of files and manifest, by which an import can be pinned. */
  readonly digest: string;
  readonly files: number;
  readonly format: "folder" | ArchiveFormat;
  /** Where it was written, absolute. */
  readonly path: string | undefined;
  /** The archive, when it was not written. */
  readonly archive: Uint8Array | undefined;
  readonly leftOut: readonly LeftOut[];
  /** Variables and headers of an upstream server whose values were not exported. */
  readonly emptied: readonly string[];
}

/** What an {@linkcode Exporter} works with. */
export interface ExporterOptions {
  readonly library: ToolLibrary;
  readonly files: Files;
  /** Expands `~`. */
  readonly expand: (path: string) => string;
  readonly secrets: Secrets | undefined;
  readonly limits: Limits;
  /** Whether a call is of the server's own user, whose folders may be written to. */
  readonly isOwnUser: (call: Call) => boolean;
}

/** A tool as others get it. */
interface Parcel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly candidate: Candidate;
  /** The code and the manifest. */
  readonly files: readonly PackedFile[];
  readonly emptied: readonly string[];
}

const ABSOLUTE_REGEXP = /^(?:\/|~$|~[\\/]|[A-Za-z]:[\\/])/;

/** How often a tool is read that changes meanwhile. */
const MOST_ATTEMPTS = 10;

/** Exports tools. */
export class Exporter {
  readonly #options: ExporterOptions;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /**
   * Exports a tool.
   *
   * @throws {ToolError} when there is no such tool, it holds a secret, or it cannot be written there.
   */
  async run(request: ExportRequest, call: Call): Promise<ExportReport> {
    try {
      return await this.#run(request, call);
    } catch (error) {
      call.signal.throwIfAborted();
      throw explain(error, `Cannot export "${request.tool_name}"`);
    }
  }

  async #run(request: ExportRequest, call: Call): Promise<ExportReport> {
    const { tool_name: name, to, overwrite } = request;
    const target = to === undefined ? undefined : this.#target(to, name, call);
    const parcel = await this.#collect(request, call);
    const { version, digest, candidate: { list, leftOut }, emptied } = parcel;
    const facts = { name, version, digest, files: list.length, leftOut, emptied };
    if (target === undefined) return { ...facts, format: "zip", path: undefined, archive: await this.#inHand(parcel) };
    const format = formatOf(target) ?? "folder";
    const path = format === "folder"
      ? await this.#writeFolder(parcel, target, overwrite)
      : await this.#writeArchive(parcel, { path: target, format, overwrite });
    return { ...facts, format, path, archive: undefined };
  }

  #target(to: string, name: string, call: Call): string {
    const fail = (why: string) => new ToolError(`Cannot export to ${JSON.stringify(to)}: ${why}`);
    if (!this.#options.isOwnUser(call)) {
      throw fail(
        'it is on the machine of the server, whose files are for its own user; leave "to" out, or let the operator set ' +
          '"plugins": { "sharing": { "shared_paths": true } }',
      );
    }
    if (!ABSOLUTE_REGEXP.test(to)) throw fail("expected an absolute path, or one that begins with ~");
    const path = this.#options.expand(to);
    const { files, library: { path: tools } } = this.#options;
    const { path: written } = files.open(formatOf(path) === undefined ? `${path}/${name}` : path);
    // neither within the folder of tools, nor what holds it
    if (`${written}/`.startsWith(`${tools}/`) || `${tools}/`.startsWith(`${written}/`)) {
      throw fail("there are the tools of this server itself");
    }
    return path;
  }

  /** Reads a tool as it is at one moment: another server may be replacing it. */
  async #collect({ tool_name: name, version }: ExportRequest, { signal }: Call): Promise<Parcel> {
    const { library } = this.#options;
    const names = (await library.list()).map((it) => it.name);
    if (!names.includes(name)) {
      throw new ToolError(
        `Cannot export "${name}": no tool of that name was made at run time${didYouMean(name, names)}`,
      );
    }
    for (let left = MOST_ATTEMPTS; left > 0; left--) {
      const folder = await library.files(name, version);
      const before = await stateOf(folder);
      const [parcel] = await Promise.allSettled([this.#read(name, folder, signal)]);
      if (await stateOf(folder) !== before) continue;
      if (parcel.status === "fulfilled") return parcel.value;
      throw parcel.reason;
    }
    throw new ToolError("it is replaced again and again; try again");
  }

  async #read(name: string, folder: Folder, signal: AbortSignal): Promise<Parcel> {
    const { library, limits } = this.#options;
    const tree = await openFolder({ kind: "folder", path: folder.path, folder }, { signal });
    const [found] = await findTools(tree, library);
    if (found === undefined || found.folder !== "") throw new ToolError("its manifest is missing");
    if ("reason" in found) throw new ToolError(found.reason);
    const candidate = await readTool(tree, found, { library, limits, budget: new Budget(limits) });
    const { manifest, emptied } = publicManifest(candidate);
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const files = Object.entries(candidate.files as Readonly<Record<string, FileWithMode>>).map(([path, file]) => ({
      path,
      bytes: file.data as Uint8Array,
      isExecutable: (file.mode & 0o111) !== 0,
    }));
    files.push({ path: MANIFEST_FILE, bytes: new TextEncoder().encode(text), isExecutable: false });
    for (const file of files) this.#assertNoSecret(file);
    const digest = await pinOf(manifest, { library, digest: candidate.digest });
    return { name, version: candidate.manifest.version, digest, candidate, files, emptied };
  }

  #assertNoSecret({ path, bytes }: PackedFile): void {
    const { secrets } = this.#options;
    if (secrets === undefined) return;
    const text = new TextDecoder().decode(bytes);
    if (secrets.redact(text) === text) return;
    throw new ToolError(
      `its file ${
        JSON.stringify(path)
      } holds a secret of this server; let the tool read it from its environment instead`,
    );
  }

  async #inHand({ name, files }: Parcel): Promise<Uint8Array> {
    const most = this.#options.limits.max_inline_bytes;
    const archive = await packFiles(below(name, files), "zip");
    if (archive.length <= most) return archive;
    throw new ToolError(
      `Cannot export "${name}" in the answer: its archive has ${archive.length} bytes, at most ${most} are sent ` +
        '(max_inline_bytes); name a file or folder by "to"',
    );
  }

  async #writeArchive(
    { name, files }: Parcel,
    { path, format, overwrite }: { readonly path: string; readonly format: ArchiveFormat; readonly overwrite: boolean },
  ): Promise<string> {
    const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
    const [folder, file] = [this.#options.files.open(path.slice(0, at) || "/"), path.slice(at + 1)];
    const existing = await folder.stat(file);
    if (existing !== undefined && (existing.kind === "folder" || !overwrite)) throw taken(name, path, existing.kind);
    await folder.writeAtomic(file, await packFiles(below(name, files), format));
    return path;
  }

  /** Writes a folder of the tool's name, as a whole or not at all. */
  async #writeFolder({ name, files }: Parcel, to: string, overwrite: boolean): Promise<string> {
    const folder = this.#options.files.open(to);
    const path = `${to}/${name}`;
    if ((await folder.stat("."))?.kind === "file") throw taken(name, to, "file");
    const existing = await folder.stat(name);
    if (existing !== undefined) await assertReplaceable(folder, { name, path, overwrite, kind: existing.kind });
    const [staged, aside] = [`.${name}.new-${crypto.randomUUID()}`, `.${name}.old-${crypto.randomUUID()}`];
    try {
      for (const { path, bytes, isExecutable } of files) {
        await folder.writeAtomic(`${staged}/${path}`, bytes, { mode: isExecutable ? 0o755 : 0o644 });
      }
      if (existing !== undefined) await folder.move(name, aside);
      await folder.move(staged, name).catch(async (error) => {
        if (existing !== undefined) await folder.move(aside, name);
        throw error;
      });
      await folder.remove(aside);
    } finally {
      await folder.remove(staged);
    }
    return path;
  }
}

/** Tells one state of a tool from another: each has a manifest of its own. */
async function stateOf(folder: Folder): Promise<string | undefined> {
  return (await folder.stat(MANIFEST_FILE))?.fingerprint;
}

function below(name: string, files: readonly PackedFile[]): readonly PackedFile[] {
  return files.map((file) => ({ ...file, path: `${name}/${file.path}` }));
}

async function assertReplaceable(
  folder: Folder,
  { name, path, overwrite, kind }: {
    readonly name: string;
    readonly path: string;
    readonly overwrite: boolean;
    readonly kind: string;
  },
): Promise<void> {
  if (!overwrite || kind !== "folder") throw taken(name, path, kind);
  if (await folder.stat(`${name}/${MANIFEST_FILE}`) !== undefined) return;
  throw new ToolError(`Cannot export "${name}" to "${path}": the folder there is no tool, and is not replaced`);
}

function taken(name: string, path: string, kind: string): ToolError {
  const remedy = kind === "folder" && formatOf(path) !== undefined
    ? "choose another name"
    : 'pass "overwrite": true to replace it, or choose another place';
  return new ToolError(`Cannot export "${name}" to "${path}": there is a ${kind} already; ${remedy}`);
}

/** Leaves out of a manifest what is of this server alone: who owns the tool, folders of this machine, keys. */
function publicManifest(
  { manifest, digest }: Candidate,
): { readonly manifest: JsonObject; readonly emptied: string[] } {
  const { owner: _owner, source, mcp_server: server, ...rest } = manifest;
  const { from } = (source ?? {}) as { readonly from?: unknown };
  const isPublic = typeof from === "string" && !ABSOLUTE_REGEXP.test(from);
  const emptied: string[] = [];
  const shared = server && withoutValues(server, emptied);
  return {
    manifest: { ...rest, ...(isPublic && { source }), ...(shared && { mcp_server: shared }), digest },
    emptied,
  };
}

/** A value that only names a secret tells nothing of it. */
const REFERENCE_REGEXP = /^\$\{secret:\w+\}$/;

/** Takes the values out of the variables and headers of a server, or of the web API that it stands for. */
function withoutValues(server: JsonObject, emptied: string[]): JsonObject {
  const fields = Object.entries(server).map(([field, value]): [string, unknown] => {
    if (!isObject(value)) return [field, value];
    if (field === "openapi") return [field, withoutValues(value, emptied)];
    if (field !== "env" && field !== "headers") return [field, value];
    const left = Object.entries(value).map(([name, text]): [string, unknown] => {
      if (typeof text === "string" && REFERENCE_REGEXP.test(text)) return [name, text];
      emptied.push(name);
      return [name, ""];
    });
    return [field, Object.fromEntries(left)];
  });
  return Object.fromEntries(fields);
}
