/**
 * Names of operations, as clients take them.
 *
 * @module
 */
import { sha256 } from "../../../../kernel/mod.ts";
import type { FoundOperation } from "./operations.ts";

const MOST_CHARACTERS = 64;
// a longer name is cut to this many characters, `_` and some of its digest
const KEPT_CHARACTERS = 55;
const DIGEST_CHARACTERS = 8;
// what follows counts by its digest alone
const MOST_READ = 1_000;

/** An operation and its name. */
export interface NamedOperation {
  readonly operation: FoundOperation;
  readonly name: string;
  /** Says that the name is not that of the document, since another has it. */
  readonly note: string | undefined;
}

/**
 * Names operations by their `operationId`, or by method and path where they have none. Of several that would have one
 * name, the first has it, and the others are named by method and path.
 */
export async function nameOperations(operations: readonly FoundOperation[]): Promise<readonly NamedOperation[]> {
  const named: NamedOperation[] = [];
  const owners = new Map<string, FoundOperation>();
  for (const operation of operations) {
    const place = `${operation.method} ${operation.path}`;
    const { operationId } = operation.value;
    const own = typeof operationId === "string" ? await mapped(operationId) : "";
    const wish = own === "" ? await mapped(place) : own;
    const owner = owners.get(wish);
    const name = owner === undefined ? wish : await freeName(place, owners);
    owners.set(name, operation);
    const other = owner === undefined ? undefined : `${owner.method.toUpperCase()} ${owner.path}`;
    const note = other === undefined
      ? undefined
      : `${operation.method.toUpperCase()} ${operation.path} is named "${name}", since ${other} is "${wish}" already`;
    named.push({ operation, name, note });
  }
  return named;
}

async function freeName(place: string, taken: ReadonlyMap<string, unknown>): Promise<string> {
  const plain = await mapped(place);
  return taken.has(plain) ? await withDigest(plain, place) : plain;
}

async function mapped(text: string): Promise<string> {
  const name = text.slice(0, MOST_READ).replaceAll(/[^A-Za-z0-9_-]+/g, "_").replaceAll(/^_+|_+$/g, "");
  return name.length <= MOST_CHARACTERS && text.length <= MOST_READ ? name : await withDigest(name, text);
}

async function withDigest(name: string, text: string): Promise<string> {
  return `${name.slice(0, KEPT_CHARACTERS)}_${(await sha256(text)).slice(0, DIGEST_CHARACTERS)}`;
}
