/**
 * What a tool is given beyond its module: as its manifest asks, and the policy decides.
 *
 * @module
 */
import { type Call, type Files, type Folder, sha256, ToolError } from "../../../kernel/mod.ts";
import { Granting, type GrantingOptions, type Grants } from "../../grants/contract.ts";
import type { ManifestDraft, ToolLibrary } from "../../library/contract.ts";
import type { GrantedPath } from "../program.ts";
import type { Program } from "./runtime.ts";

const MIB = 2 ** 20;
/** Most bytes of stdout, as of scripts. */
const OUTPUT_BYTES = 16 * MIB;

/** What {@linkcode WasmGrants} works with. */
export interface WasmGrantsOptions extends GrantingOptions {
  readonly library: Pick<ToolLibrary, "digestOf">;
  readonly files: Files;
  /** Memory of tools that ask for none, in MiB. */
  readonly memoryMb: number;
}

/** Whose grants are given. */
export interface GrantedRun {
  /** Holds the files of the tool. */
  readonly folder: Folder;
  /** SHA-256 of the artifact, in hex. */
  readonly digest: string;
  readonly call: Call;
}

/** What a run is started with. */
export type GivenToRun = Pick<Program, "env" | "secrets" | "folders" | "memoryBytes" | "timeoutMs" | "outputBytes">;

/** What no WebAssembly has, and what to do instead. */
const REFUSED: Readonly<Partial<Record<keyof Grants, string>>> = {
  network: "WASM tools have no network; use a script tool, or call one by tools/call",
  cpu_seconds: "the time of WASM tools is limited by timeout_ms",
  processes: "WASM tools start no processes; use a script tool, or call one by tools/call",
};

/** Gives tools what they ask for. */
export class WasmGrants {
  readonly #options: WasmGrantsOptions;
  readonly #granting: Granting;

  constructor(options: WasmGrantsOptions) {
    this.#options = options;
    this.#granting = new Granting(options);
  }

  /**
   * Reads what a manifest asks for, and decides nothing.
   *
   * @throws {ToolError} naming what is no grant, or none of WASM tools.
   */
  read(grants: unknown): Grants {
    const asked = this.#granting.read(grants);
    for (const [field, why] of Object.entries(REFUSED)) {
      if (isAsked(asked[field as keyof Grants])) throw new ToolError(`Cannot grant "${field}": ${why}`);
    }
    return asked;
  }

  /**
   * Gives a run what its tool asks for.
   *
   * @throws {ToolError} when it is refused, or a path or secret is not there.
   */
  async give({ name, grants }: ManifestDraft, { folder, digest, call }: GrantedRun): Promise<GivenToRun> {
    const { memoryMb, library } = this.#options;
    const asked = this.read(grants);
    // sources count as well: who reads what was allowed reads those
    const code = async () => await sha256(JSON.stringify([await library.digestOf(folder), digest]));
    const given = await this.#granting.give({ tool: name, digest: code, grants: asked }, call);
    const { read = [], write = [], memory_mb: mostMb = Infinity } = given.grants;
    return {
      env: { ...given.env, ...given.secrets },
      secrets: Object.keys(given.secrets),
      folders: read.length + write.length === 0 ? [] : await this.#look([...new Set([...read, ...write])], write),
      memoryBytes: (asked.memory_mb ?? Math.min(memoryMb, mostMb)) * MIB,
      timeoutMs: given.timeoutMs,
      outputBytes: OUTPUT_BYTES,
    };
  }

  async #look(paths: readonly string[], write: readonly string[]): Promise<readonly GrantedPath[]> {
    return await Promise.all(paths.map(async (path) => {
      const [, parent = "", name = ""] = /^(.*?[/\\]?)([^/\\]*)[/\\]*$/.exec(path) ?? [];
      const kind = name === "" ? "folder" : (await this.#options.files.open(parent).stat(name))?.kind;
      if (kind === "folder" || kind === "file") return { path, kind, writable: write.includes(path) };
      throw new ToolError(`Cannot give ${JSON.stringify(path)}: it is not there; make it, or take it out of "grants"`);
    }));
  }
}

function isAsked(value: Grants[keyof Grants]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}
