/**
 * The provider of the contract `Sources`.
 *
 * @module
 */
import { type Environment, type Files, type Processes, ToolError } from "../../kernel/mod.ts";
import type { OpenGitOptions, Sources } from "./contract.ts";
import { openGit } from "./git.ts";
import type { GitAddress } from "./git_address.ts";
import type { Limits } from "./limits.ts";
import type { GitTree } from "./tree.ts";

/** What {@linkcode GitSources} work with. */
export interface GitSourcesOptions {
  readonly files: Files;
  readonly environment: Environment;
  /** `undefined` where nothing can be started, and so no git. */
  readonly processes: Processes | undefined;
  readonly limits: Limits;
}

/** Repositories, for other plugins. */
export class GitSources implements Sources {
  readonly #options: GitSourcesOptions;

  constructor(options: GitSourcesOptions) {
    this.#options = options;
  }

  async openGit({ url, ref, isLocal }: GitAddress, options: OpenGitOptions): Promise<GitTree> {
    const { files, environment, processes, limits } = this.#options;
    const { isOwnUser, signal, place = files, limits: { maxCloneBytes, timeoutMs } = {} } = options;
    if (processes === undefined) throw new ToolError(`Cannot fetch ${url}: git cannot be started here`);
    if (isLocal && !isOwnUser) {
      throw new ToolError(`Cannot fetch ${url}: it is on the machine of the server, whose files are for its own user`);
    }
    if (isLocal && (await files.open(url).stat("."))?.kind !== "folder") {
      throw new ToolError(`Cannot fetch ${url}: there is no such folder`);
    }
    const bounds = {
      max_clone_bytes: maxCloneBytes ?? limits.max_clone_bytes,
      timeout_ms: timeoutMs ?? limits.timeout_ms,
    };
    return await openGit(url, { ref, isOwnUser, signal, processes, environment, folder: place, limits: bounds });
  }
}
