/**
 * The contract `OwnPackages`: files of the packages that this program was installed with. A platform that has a disk
 * provides it.
 *
 * @module
 */
import { type Contract, contract } from "./token.ts";

/** Finds files of the packages that this program depends on, for what runs one of their programs. */
export interface OwnPackages {
  /**
   * Finds a file of a package.
   *
   * @param path Name of the package and path in it, such as `@esbuild/linux-x64/bin/esbuild`.
   * @param options.of The package of ours that depends on it, if it is none of ours itself.
   * @returns The absolute path; `undefined` when it is not installed.
   */
  find(path: string, options?: { readonly of?: string }): Promise<string | undefined>;
}
export const OwnPackages: Contract<OwnPackages> = contract("own-packages");
