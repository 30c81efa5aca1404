/**
 * What the classes for embedders know of the machine that they run on.
 *
 * @module
 */
import type { Environment, Files } from "../../../kernel/mod.ts";

/** A machine with folders. */
export interface DiscoveryHost {
  readonly files: Files;
  readonly environment: Environment;
  /** Tells whether an absolute path leads to a folder. */
  isFolder(path: string): boolean;
}
