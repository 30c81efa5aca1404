/**
 * What a script is given beyond its code: as its manifest asks, and the policy decides.
 *
 * @module
 */
import { type Call, type Environment, type Files, type Folder, type Log, sha256 } from "../../kernel/mod.ts";
import type { PackageSet } from "../dependencies/contract.ts";
import { Granting, type GrantingOptions, type Grants } from "../grants/contract.ts";
import type { ManifestDraft, ToolLibrary } from "../library/contract.ts";
import { isBelow, isThere, type Sandbox } from "../sandbox/contract.ts";
import { type GivenToScript, givenToScript } from "./given_to_script.ts";
import { pathOf, rootsOf } from "./request.ts";

/** What tools of skillz find in their environment, all of it; others are given what they name. */
const LEGACY_PREFIX = "SKILLZ_";
const WORD_REGEXP = /\w+/g;

/** What {@linkcode ScriptGrants} works with. */
export interface ScriptGrantsOptions extends GrantingOptions {
  readonly environment: Environment;
  readonly library: Pick<ToolLibrary, "digestOf">;
  readonly sandbox: Sandbox;
  readonly files: Files;
  readonly log: Log;
}

/** Whose grants are given. */
export interface GrantedRun {
  /** Holds the files of the tool. */
  readonly folder: Folder;
  /** The script itself. */
  readonly code: string;
  readonly call: Call;
}

const LEGACY_NOTE = "Tools made by skillz run in the sandbox with the network, the roots and all SKILLZ_* variables, " +
  "as they always had; register them anew to give them less";

/** Gives scripts what they ask for. */
export class ScriptGrants {
  #isLegacyTold = false;
  readonly #options: ScriptGrantsOptions;
  readonly #granting: Granting;

  constructor(options: ScriptGrantsOptions) {
    this.#options = options;
    this.#granting = new Granting(options);
  }

  /**
   * Reads what a manifest asks for, and decides nothing.
   *
   * @throws {ToolError} naming what is no grant.
   */
  read(grants: unknown): Grants {
    return this.#granting.read(grants);
  }

  /**
   * Reads what a script asks for: in its manifest, and by naming secrets `SKILLZ_*` in its code, since scripts for skillz
   * have no other way to ask.
   *
   * @throws {ToolError} naming what is no grant.
   */
  readAll(grants: unknown, code: string): Grants {
    const asked = this.read(grants);
    const { secrets = [] } = asked;
    const named = this.#legacyNamesIn(code).filter((name) => !secrets.includes(name));
    return named.length === 0 ? asked : { ...asked, secrets: [...secrets, ...named].sort() };
  }

  /**
   * Gives a script what it asks for.
   *
   * @throws {ToolError} when it is refused, or a secret is not there.
   */
  async give(manifest: ManifestDraft, { folder, code, call }: GrantedRun): Promise<GivenToScript> {
    const asked = this.readAll(manifest.grants, code);
    const digest = () => this.#digestOf(manifest, folder);
    const given = await this.#granting.give({ tool: manifest.name, digest, grants: asked }, call);
    return this.#options.policy === undefined ? { timeoutMs: given.timeoutMs } : givenToScript(given);
  }

  /**
   * Gives a tool of skillz what it always had, whatever it asks for: every `SKILLZ_*` variable, the network, the roots,
   * and the working folder of the server if that is in one of them.
   */
  async giveLegacy(manifest: ManifestDraft, call: Call): Promise<GivenToScript> {
    const { environment, secrets, sandbox, log } = this.#options;
    if (!this.#isLegacyTold) log.info(LEGACY_NOTE);
    this.#isLegacyTold = true;
    const given = secrets === undefined
      ? environment.variables(LEGACY_PREFIX)
      : secrets.reveal(secrets.names().filter((name) => name.startsWith(LEGACY_PREFIX)));
    const roots = await this.#legacyRoots(call);
    const isCwdSeen = roots.some((root) => isBelow(environment.cwd, root));
    return {
      secrets: given,
      timeoutMs: manifest.grants?.timeout_ms,
      permissions: { network: true, write: roots },
      ...((isCwdSeen || await sandbox.mechanism() === undefined) && { cwd: environment.cwd }),
    };
  }

  // a root that has the whole home or the server's own files in it would give away all that the sandbox keeps
  async #legacyRoots(call: Call): Promise<readonly string[]> {
    const { environment, files } = this.#options;
    const paths = (await rootsOf(call, environment)).map(pathOf).filter((path) => path !== undefined)
      .map((path) => path.replace(/(?<=.)\/+$/, ""));
    const hidden = [environment.userHome, environment.home];
    const safe = paths.filter((path) => !hidden.some((it) => isBelow(it, path)));
    const there = await Promise.all(safe.map((path) => isThere(files, path)));
    return safe.filter((_, index) => there[index]);
  }

  /**
   * Decides on packages by address, and on programs of packages that run when they are installed; what is remembered is
   * remembered for these very packages.
   *
   * @throws {ToolError} when it is refused.
   */
  async authorizePackages({ name, grants }: ManifestDraft, set: PackageSet, call: Call): Promise<void> {
    const digest = () => sha256(JSON.stringify([set.language, [...set.packages].sort()]));
    await this.#granting.authorizePackages({ tool: name, digest, grants: this.read(grants) }, call);
  }

  #legacyNamesIn(code: string): readonly string[] {
    const { policy, secrets } = this.#options;
    if (policy === undefined || secrets === undefined || !code.includes(LEGACY_PREFIX)) return [];
    const words = new Set(code.match(WORD_REGEXP));
    return secrets.names().filter((name) => name.startsWith(LEGACY_PREFIX) && words.has(name));
  }

  // the same files do something else by another command, or with other packages
  async #digestOf({ interpreter, entry_file: entry, dependencies }: ManifestDraft, folder: Folder): Promise<string> {
    const files = await this.#options.library.digestOf(folder);
    return await sha256(JSON.stringify([files, interpreter, entry, dependencies]));
  }
}
