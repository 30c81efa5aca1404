/**
 * What the scripts of skills are given beyond their code: the variables that the skill requires, and what it asks for
 * under `metadata` as `collet.grants`, as the policy decides.
 *
 * @module
 */
import { type Call, type Folder, isObject, sha256 } from "../../../kernel/mod.ts";
import { Granting, type GrantingOptions, type Grants } from "../../grants/contract.ts";
import { type GivenToScript, givenToScript } from "../../scripts/contract.ts";
import { parseJson } from "../format/fields.ts";
import type { SkillMetadata } from "../format/metadata.ts";

/** What counts by its size and time alone, in bytes: its content is data more than code. */
const MOST_READ = 16 * 1024 * 1024;

/** What {@linkcode SkillGrants} works with. */
export interface SkillGrantsOptions extends GrantingOptions {
  /** The longest that a call may ask for, in milliseconds. */
  readonly longestMs: number;
}

/** A call that is given something. */
export interface GrantedCall {
  readonly metadata: SkillMetadata;
  /** Holds the files of the skill. */
  readonly folder: Folder;
  /** Variables that it has of its own, which it need not be given; none by default. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** How long the tool says that a call may take, in seconds. */
  readonly timeoutHintSecs: number | undefined;
  readonly call: Call;
}

/** Gives skills what they ask for. */
export class SkillGrants {
  readonly #options: SkillGrantsOptions;
  readonly #granting: Granting;

  constructor(options: SkillGrantsOptions) {
    this.#options = options;
    this.#granting = new Granting(options);
  }

  /**
   * Gives a script what its skill asks for.
   *
   * @throws {ToolError} naming what is no grant, or when it is refused, or a secret is not there.
   */
  async give({ metadata, folder, env, timeoutHintSecs, call }: GrantedCall): Promise<GivenToScript> {
    const asked = this.#granting.read(this.#askedBy(metadata, env));
    const timeoutMs = timeoutHintSecs === undefined ? asked.timeout_ms : timeoutHintSecs * 1000;
    const grants = {
      ...asked,
      ...(timeoutMs !== undefined && { timeout_ms: Math.min(timeoutMs, this.#options.longestMs) }),
    };
    // by the name of the skill, so that the user is asked once for all of its tools
    return givenToScript(
      await this.#granting.give({ tool: metadata.name, digest: () => digestOf(folder), grants }, call),
    );
  }

  #askedBy(metadata: SkillMetadata, own: Readonly<Record<string, string>> = {}): unknown {
    const grants = writtenGrants(metadata);
    const asked: Grants = isObject(grants) ? grants : {};
    // what is no object is told by whoever reads it
    if (grants !== undefined && grants !== asked) return grants;
    const named = metadata.externalDeps.filter(({ type }) => type === "env_var").map(({ value }) => value);
    const required = new Set([...metadata.requiredEnvVars(), ...named].filter((name) => !Object.hasOwn(own, name)));
    const kept = new Set(this.#options.secrets?.names());
    const secrets = [...required].filter((name) => kept.has(name));
    const env = [...required].filter((name) => !kept.has(name));
    return { ...asked, ...union("env", asked.env, env), ...union("secrets", asked.secrets, secrets) };
  }
}

/** Gives the grants that a skill writes: in the section `collet`, else flat, as JSON text, as Agent Skills want it. */
export function writtenGrants({ metadata }: Pick<SkillMetadata, "metadata">): unknown {
  const { collet, "collet.grants": flat } = metadata;
  const section = isObject(collet) ? collet["grants"] : undefined;
  if (section !== undefined) return section;
  return typeof flat === "string" ? parseJson(flat) ?? flat : flat;
}

function union(field: "env" | "secrets", asked: unknown, required: readonly string[]): Grants {
  if (required.length === 0) return {};
  return { [field]: [...new Set([...Array.isArray(asked) ? asked : [], ...required])].sort() };
}

/** Computes the digest of all files of a skill: what was allowed for others does not count for these. */
async function digestOf(folder: Folder): Promise<string> {
  const lines: string[] = [];
  for (const { path, kind } of await folder.list(".", { recursive: true })) {
    if (kind !== "folder") lines.push(JSON.stringify([path, await digestOfFile(folder, path)]));
  }
  return await sha256(lines.join("\n"));
}

async function digestOfFile(folder: Folder, path: string): Promise<string> {
  const stat = await folder.stat(path);
  if (stat === undefined || stat.size > MOST_READ) return stat?.fingerprint ?? "";
  // what a link leads to counts while it is in the skill; scripts reach nothing else
  const bytes = await folder.readBytes(path).catch(() => undefined);
  return bytes === undefined ? "" : await sha256(bytes);
}
