/**
 * Files that code wrote, kept for a time within a quota.
 *
 * @module
 */
import { compileTemplate, isObject, type Principal, ToolError } from "../../../kernel/mod.ts";
import type { FileLimits } from "../config.ts";
import { listAll, type OpenShelf, type Shelf } from "../shelf.ts";

/** Where they are read. */
export const FILE_URI = "collet://code/files/{id}/{name}";
const TEMPLATE = compileTemplate(FILE_URI);

/** A file: a text, or bytes in base64; `size` is in bytes. */
export type StoredFile =
  & { readonly mimeType: string; readonly size: number }
  & ({ readonly text: string } | { readonly blob: string });

/** Which file it is: that of a name, of the run of an id. */
export interface FilePlace {
  readonly id: string;
  readonly name: string;
}

/** Keeps files. */
export class KeptFiles {
  readonly #open: OpenShelf;
  readonly #limits: FileLimits;

  constructor(open: OpenShelf, limits: FileLimits) {
    this.#open = open;
    this.#limits = limits;
  }

  /**
   * Keeps a file; the oldest ones of the principal make room. Gives its URI.
   *
   * @throws {ToolError} when it is too large.
   */
  async keep(
    { id, name, file }: FilePlace & { readonly file: StoredFile },
    principal: Principal | undefined,
  ): Promise<string> {
    const { max_bytes: most, kept_ms: ttlMs } = this.#limits;
    if (file.size > most) {
      throw new ToolError(`Cannot write file "${name}": it has ${file.size} bytes, expected ${most} at most`);
    }
    const shelf = await this.#open(principal);
    await shelf.set(keyOf({ id, name }), file, { ttlMs });
    await this.#makeRoom(shelf);
    return TEMPLATE.expand({ id, name });
  }

  /** Finds a file of a principal's. */
  async find(id: string, name: string, principal: Principal | undefined): Promise<StoredFile | undefined> {
    const entry = await (await this.#open(principal)).get(keyOf({ id, name }));
    return isObject(entry?.value) ? entry.value as unknown as StoredFile : undefined;
  }

  /** Lists the files of a principal, newest first. */
  async list(principal: Principal | undefined): Promise<readonly (FilePlace & { readonly uri: string })[]> {
    const keys = await keysOf(await this.#open(principal));
    return keys.reverse().map((key) => {
      const place = placeOf(key);
      return { ...place, uri: TEMPLATE.expand({ ...place }) };
    });
  }

  async #makeRoom(shelf: Shelf): Promise<void> {
    const { most, quota_bytes: quota } = this.#limits;
    let { entries, bytes } = await shelf.usage();
    if (entries <= most && bytes <= quota) return;
    // the last one was just written
    for (const key of (await keysOf(shelf)).slice(0, -1)) {
      await shelf.delete(key);
      ({ entries, bytes } = await shelf.usage());
      if (entries <= most && bytes <= quota) return;
    }
  }
}

/** Gives the keys in the order of their writing, oldest first. */
async function keysOf(shelf: Shelf): Promise<string[]> {
  return (await listAll(shelf)).sort((a, b) => a.version - b.version).map(({ key }) => key);
}

// an id holds no slash
function keyOf({ id, name }: FilePlace): string {
  return `${id}/${name}`;
}

function placeOf(key: string): FilePlace {
  const at = key.indexOf("/");
  return { id: key.slice(0, at), name: key.slice(at + 1) };
}
