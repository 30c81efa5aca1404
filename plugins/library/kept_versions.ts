/**
 * The versions of a tool that were replaced: one folder each, below the tool's own.
 *
 * A number, once given, means one content. Beside the folders is noted which numbers are not given again though nothing
 * is kept under them: the highest, which is that of the current version, and those that were pruned or edited by hand.
 *
 * @module
 */
import { type Folder, isObject } from "../../kernel/mod.ts";
import type { Manifest } from "./contract.ts";
import { copyCode, digestOf } from "./digest.ts";
import { MANIFEST_FILE, NOT_CODE, NUMBERS_FILE, VERSIONS_FOLDER } from "./layout.ts";
import { formatManifest } from "./manifest.ts";
import { FIRST_VERSION, isVersion, nextVersion } from "./versions.ts";

/** A tool before it changes. */
export interface StateBefore {
  /** Its folder, below that of all tools. */
  readonly folder: string;
  /** `undefined` when it cannot be read. */
  readonly manifest: Manifest | undefined;
}

/** A tool that was copied to the versions of the one that is to replace it. */
export interface KeptState {
  readonly version: string;
  /** All numbers that were given. */
  readonly given: readonly string[];
  /** Those of them under which nothing is kept. */
  readonly retired: readonly string[];
}

/** Numbers that are not given again, as they are noted. */
interface Numbers {
  readonly highest?: string | undefined;
  readonly retired: readonly string[];
}

/** The versions in the folders of all tools. */
export class KeptVersions {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Lists the versions of the tool in a folder, in no order. */
  async list(tool: string): Promise<string[]> {
    const entries = await this.#folder.list(`${tool}/${VERSIONS_FOLDER}`);
    return entries.filter(({ path, kind }) => kind !== "file" && isVersion(path)).map(({ path }) => path);
  }

  /**
   * Copies a tool to the versions of the folder that is to replace it: under its own number, or under a new one where
   * that means another content, since it was edited by hand, or skillz gave the number twice.
   */
  async keep({ folder, manifest }: StateBefore, { into }: { readonly into: string }): Promise<KeptState> {
    const kept = await this.list(folder);
    // the first version has no note, and what was not written here has none either
    const isFirst = manifest === undefined || manifest.format !== undefined;
    const { highest = isFirst ? FIRST_VERSION : undefined, retired } = await this.#numbers(folder);
    const own = isVersion(manifest?.version) ? manifest.version : undefined;
    const digest = await digestOf(this.#folder.at(folder));
    const isEdited = manifest?.digest !== undefined && manifest.digest !== digest;
    const isOwn = own !== undefined && !kept.includes(own) && !retired.includes(own) && !isEdited;
    const given = [...kept, ...retired, highest, own].filter(isVersion);
    const version = isOwn ? own : nextVersion(given);
    const copy = `${into}/${VERSIONS_FOLDER}/${version}`;
    await this.#copyCode(folder, copy);
    if (!isOwn && manifest !== undefined) {
      const marks = isEdited ? { digest, edited_from: manifest.version } : {};
      await this.#folder.writeAtomic(`${copy}/${MANIFEST_FILE}`, formatManifest({ ...manifest, ...marks, version }));
    }
    given.push(version);
    return { version, given, retired: given.filter((it) => it !== version && !kept.includes(it)) };
  }

  async #copyCode(from: string, to: string): Promise<void> {
    await this.#folder.makeFolder(to);
    for (const { path, kind } of await this.#folder.list(from)) {
      if (NOT_CODE.has(path)) continue;
      await copyCode(this.#folder, { from: `${from}/${path}`, to: `${to}/${path}`, kind });
    }
  }

  /** Notes the number of the current version of a tool, unless it is the first, and those that are not given again. */
  async note(tool: string, { highest, retired }: Numbers): Promise<void> {
    if (highest === FIRST_VERSION && retired.length === 0) return;
    const text = `${JSON.stringify({ highest, retired: [...new Set(retired)] })}\n`;
    await this.#folder.writeAtomic(`${tool}/${VERSIONS_FOLDER}/${NUMBERS_FILE}`, text);
  }

  /** Moves versions to another folder; their numbers are not given again. */
  async move(
    tool: string,
    { versions, to }: { readonly versions: readonly string[]; readonly to: string },
  ): Promise<void> {
    // first, so that no moment comes in which a number is free
    const { highest, retired } = await this.#numbers(tool);
    await this.note(tool, { highest, retired: [...retired, ...versions] });
    for (const version of versions) {
      await this.#folder.move(`${tool}/${VERSIONS_FOLDER}/${version}`, `${to}/${version}`);
    }
  }

  async #numbers(tool: string): Promise<Numbers> {
    const text = await this.#folder.readText(`${tool}/${VERSIONS_FOLDER}/${NUMBERS_FILE}`);
    try {
      const noted: unknown = JSON.parse(text ?? "null");
      if (!isObject(noted)) return { retired: [] };
      const { highest, retired } = noted;
      return {
        highest: isVersion(highest) ? highest : undefined,
        retired: Array.isArray(retired) ? retired.filter(isVersion) : [],
      };
    } catch {
      // it is written whole or not at all, so somebody edited it; the folders still say most of it
      return { retired: [] };
    }
  }
}
