/**
 * What tools of every kind share that have grants: they are read, decided on, and turned into values.
 *
 * @module
 */
import { type Call, type Environment, isObject, ToolError } from "../../kernel/mod.ts";
import type { Secrets } from "../secrets/contract.ts";
import type { GrantPolicy, GrantRequest, Grants } from "./grants.ts";

/** What {@linkcode Granting} works with. */
export interface GrantingOptions {
  readonly environment: Pick<Environment, "variable">;
  /** What decides; without it no tool is given anything but its time. */
  readonly policy: GrantPolicy | undefined;
  readonly secrets: Secrets | undefined;
  /** Time limit of tools that ask for none, in milliseconds. */
  readonly timeoutMs: number;
}

/** What one call of a tool is given. */
export interface Given {
  /** What was decided: real paths, and the limits of the ceiling where the tool names none. */
  readonly grants: Grants;
  /** Values of the variables that were granted and are there. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** Gives tools what they ask for. */
export class Granting {
  readonly #options: GrantingOptions;

  constructor(options: GrantingOptions) {
    this.#options = options;
  }

  /**
   * Reads what a manifest asks for, and decides nothing.
   *
   * @throws {ToolError} naming what is no grant.
   */
  read(grants: unknown): Grants {
    const { policy } = this.#options;
    if (policy !== undefined) return policy.read(grants);
    const { timeout_ms: timeout, ...others } = isObject(grants) ? grants as Grants : {};
    const fields = Object.keys(others);
    if (fields.length === 0) return timeout === undefined ? {} : { timeout_ms: timeout };
    throw new ToolError(`Cannot grant ${fields.join(", ")}: nothing here decides on grants; the plugin "grants" does`);
  }

  /**
   * Gives a tool what it asks for to run; what concerns its packages is left to
   * {@linkcode Granting.authorizePackages}.
   *
   * @throws {ToolError} when it is refused, or a secret is not there.
   */
  async give({ tool, digest, grants }: GrantRequest, call: Call): Promise<Given> {
    const { policy, timeoutMs } = this.#options;
    const { direct_dependencies: _direct, install_scripts: _scripts, ...asked } = grants;
    if (policy === undefined) return { grants: {}, env: {}, secrets: {}, timeoutMs: asked.timeout_ms ?? timeoutMs };
    // first, so that nobody is asked for what is not there
    const secrets = this.#reveal(asked.secrets ?? []);
    const granted = await policy.authorize({ tool, digest, grants: asked }, call);
    return {
      grants: granted,
      env: this.#variables(granted.env ?? []),
      secrets,
      timeoutMs: asked.timeout_ms ?? Math.min(timeoutMs, granted.timeout_ms ?? Infinity),
    };
  }

  /**
   * Decides on packages by address, and on programs of packages that run when they are installed.
   *
   * @param request Its digest is that of the packages, since what is remembered is remembered for these very ones.
   * @throws {ToolError} when it is refused.
   */
  async authorizePackages({ tool, digest, grants }: GrantRequest, call: Call): Promise<void> {
    const { policy } = this.#options;
    if (policy === undefined) return;
    const { direct_dependencies: direct, install_scripts: scripts } = grants;
    const asked = {
      ...(direct !== undefined && { direct_dependencies: direct }),
      ...(scripts !== undefined && { install_scripts: scripts }),
    };
    await policy.authorize({ tool, digest, grants: asked }, call);
  }

  #variables(names: readonly string[]): Readonly<Record<string, string>> {
    const { environment } = this.#options;
    const found = names.map((name) => [name, environment.variable(name)]).filter(([, value]) => value !== undefined);
    return Object.fromEntries(found);
  }

  #reveal(names: readonly string[]): Readonly<Record<string, string>> {
    const { secrets } = this.#options;
    if (names.length === 0) return {};
    if (secrets !== undefined) return secrets.reveal(names);
    throw new ToolError(`Cannot give secret "${names[0]}": nothing here keeps secrets; the plugin "secrets" does`);
  }
}
