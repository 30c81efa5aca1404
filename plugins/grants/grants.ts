/**
 * What tools ask for, and what decides on it.
 *
 * @module
 */
import { type Call, type Contract, contract } from "../../kernel/mod.ts";

/** What a tool asks for: a request, which an operator may refuse. What is left out is not asked for. */
export interface Grants {
  /** All of the network, none, or the listed `host:port` alone. */
  readonly network?: boolean | readonly string[];
  /** Folders and files that may be read. */
  readonly read?: readonly string[];
  /** Folders and files that may be written. */
  readonly write?: readonly string[];
  /** Variables of the server's environment that are passed on. */
  readonly env?: readonly string[];
  /** Secrets that are passed on, by name. */
  readonly secrets?: readonly string[];
  /** Packages by an address or a path, beside those of the public registries. */
  readonly direct_dependencies?: boolean;
  /** Programs of packages that run when they are installed. */
  readonly install_scripts?: boolean;
  /** Resident memory of the process tree, in MiB. */
  readonly memory_mb?: number;
  /** CPU time of each process, in seconds. */
  readonly cpu_seconds?: number;
  /** Time of one call, in milliseconds; default 300,000. */
  readonly timeout_ms?: number;
  /** Processes at one time. */
  readonly processes?: number;
}

/** Who asks. */
export interface GrantRequest {
  /** Name of the tool. */
  readonly tool: string;
  /** Digest of its code, computed when there is something to ask: what was allowed for other code does not count. */
  readonly digest: string | (() => Promise<string>);
  readonly grants: Grants;
}

/** Decides what tools get. */
export interface GrantPolicy {
  /**
   * Reads the `grants` of a manifest.
   *
   * @throws {ToolError} naming what is no grant, and what is.
   */
  read(grants: unknown): Grants;
  /**
   * Gives what a tool may have: all that it asks for, with real paths, and the ceiling's limits where it names none. What
   * exceeds the operator's ceiling is asked of the user once, and remembered for this code.
   *
   * @throws {ToolError} when it is refused, or the client cannot ask, with the line of configuration that would allow it.
   */
  authorize(request: GrantRequest, call: Call): Promise<Grants>;
}
export const GrantPolicy: Contract<GrantPolicy> = contract("grant-policy");
