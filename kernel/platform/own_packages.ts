/**
 * Finds files of the packages that this program was installed with, in `node_modules` or in the cache of Deno.
 *
 * @module
 */
import { realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import type { OwnPackages } from "../own_packages.ts";

/** Makes what finds files of our packages. */
export function createOwnPackages(): OwnPackages {
  return {
    async find(path, { of } = {}) {
      const found = await locate(path, of);
      if (found !== undefined || of === undefined) return found;
      // Deno fetches a package when it is first imported, and what it depends on with it
      const isLoaded = await import(of).then(() => true, () => false);
      return isLoaded ? await locate(path, of) : undefined;
    },
  };
}

async function locate(path: string, of: string | undefined): Promise<string | undefined> {
  try {
    const ours = createRequire(import.meta.url);
    const resolver = of === undefined ? ours : createRequire(ours.resolve(`${of}/package.json`));
    return await realpath(resolver.resolve(path));
  } catch {
    // whatever the reason, it is not there
    return undefined;
  }
}
