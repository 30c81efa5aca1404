/**
 * Follows references within a schema.
 *
 * @module
 */
import { decodeFragment, followPointer, isObject, type JsonObject } from "../../../kernel/mod.ts";

/** Finds what references of one schema point to. */
export class References {
  readonly #root: JsonObject;
  #scan: { readonly anchors: ReadonlyMap<string, unknown>; readonly hasParts: boolean } | undefined;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /**
   * Finds a target. Where parts of the schema have addresses of their own (`$id`), none is found.
   *
   * @returns `undefined` when it is not found.
   */
  find(reference: string): unknown {
    this.#scan ??= scan(this.#root);
    if (!reference.startsWith("#") || this.#scan.hasParts) return undefined;
    const fragment = decodeFragment(reference.slice(1));
    return fragment === "" || fragment.startsWith("/")
      ? followPointer(this.#root, fragment)
      : this.#scan.anchors.get(fragment);
  }
}

function scan(root: JsonObject) {
  const anchors = new Map<string, unknown>();
  let hasParts = false;
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) left.push(...value);
    if (!isObject(value)) continue;
    const { $id: id, $anchor: anchor, $dynamicAnchor: dynamic } = value;
    for (const name of [anchor, dynamic]) if (typeof name === "string") anchors.set(name, value);
    if (typeof id === "string" && value !== root) {
      if (id.startsWith("#")) anchors.set(id.slice(1), value);
      else hasParts = true;
    }
    left.push(...Object.values(value));
  }
  return { anchors, hasParts };
}
