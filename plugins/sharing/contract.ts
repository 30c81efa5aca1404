/**
 * What the plugin `sharing` offers to others: the contract `Sources`, by which they read git repositories, and the rules
 * by which addresses and paths from elsewhere are taken.
 *
 * @module
 */
import { type Contract, contract, type Folder } from "../../kernel/mod.ts";
import type { GitAddress } from "./git_address.ts";
import type { GitTree } from "./tree.ts";

export { type GitAddress, parseGitAddress } from "./git_address.ts";
export { pathKey, pathProblem } from "./paths.ts";
export type { GitTree, Origin, SourceTree, TreeFile } from "./tree.ts";

/** How much a repository may take; what is left out is as the plugin `sharing` is configured. */
export interface SourceLimits {
  /** Most bytes that git loads. */
  readonly maxCloneBytes?: number | undefined;
  /** Most milliseconds of each step of git. */
  readonly timeoutMs?: number | undefined;
}

/** How a repository is opened. */
export interface OpenGitOptions {
  /** Whether whoever asks is the server's own user, whose files may be named, and whose keys and settings git may use. */
  readonly isOwnUser: boolean;
  readonly signal: AbortSignal;
  readonly limits?: SourceLimits | undefined;
  /** Where it is prepared, in a folder of its own that is removed when it is closed; one of `sharing` by default. */
  readonly place?: Folder | undefined;
}

/** Reads what is elsewhere; nothing of it is run. */
export interface Sources {
  /**
   * Fetches a branch, tag or commit of a git repository, or its HEAD, without history where the server allows that. The
   * caller closes it.
   *
   * @throws {ToolError} with git's own words.
   * @throws the reason of `signal` when it aborts.
   */
  openGit(address: GitAddress, options: OpenGitOptions): Promise<GitTree>;
}
export const Sources: Contract<Sources> = contract("sources");
