/**
 * Names under which the items of a server are offered.
 *
 * @module
 */
import { isItemName, type JsonObject, sha256 } from "../../../kernel/mod.ts";

/** Key in the `_meta` of an item whose name is not the server's own behind the namespace: the server's own. */
export const ORIGINAL_NAME_META = "collet/original_name";

// a name that clients would refuse is cut to this many characters, `_` and some of its digest
const KEPT_CHARACTERS = 55;
const DIGEST_CHARACTERS = 8;

/** An item and its names. */
export interface NamedItem {
  /** As the server sent it. */
  readonly item: JsonObject;
  /** The name that the server knows it by. */
  readonly own: string;
  /** The name that clients know it by. */
  readonly offered: string;
}

/** An item that has no name to be offered under. */
export interface Unnamed {
  readonly own: string;
  readonly reason: string;
}

/** How items are named. */
export interface NameOptions {
  readonly namespace: string;
  /** Other names, by those of the server. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
}

interface Wish extends NamedItem {
  /** Whether the name is the server's own, and neither mapped, shortened nor given. */
  readonly isOwn: boolean;
  readonly isRenamed: boolean;
}

/**
 * Names items `<namespace>_<name>`. Characters that clients refuse become `_`, and a name that is too long is its first 55
 * characters, `_` and 8 hex of the SHA-256 of the whole. Of several that would have one name, the one that is spelled so
 * has it, and those that were mapped to it are named as if they were too long: the names do not depend on the order.
 */
export async function nameItems(
  items: readonly JsonObject[],
  options: NameOptions,
): Promise<{ readonly named: readonly NamedItem[]; readonly unnamed: readonly Unnamed[] }> {
  const unnamed: Unnamed[] = [];
  const wishes = new Map<string, Wish[]>();
  const seen = new Set<string>();
  for (const item of items) {
    const { name: own } = item;
    if (typeof own !== "string" || own === "") unnamed.push({ own: String(own), reason: "it has no name" });
    else if (seen.has(own)) unnamed.push({ own, reason: "the server lists the name twice; the first is offered" });
    else {
      seen.add(own);
      const wish = await wishOf(item, { ...options, own });
      wishes.set(wish.offered, [...wishes.get(wish.offered) ?? [], wish]);
    }
  }
  const named: NamedItem[] = [];
  for (const group of wishes.values()) {
    const holder = group.length === 1 ? group[0] : group.find((it) => it.isOwn);
    for (const wish of group) {
      if (wish === holder) named.push(wish);
      else if (!wish.isRenamed) named.push({ ...wish, offered: await shortened(options.namespace, wish.own) });
      else unnamed.push({ own: wish.own, reason: `another of the server is named "${wish.offered}" as well` });
    }
  }
  return { named, unnamed };
}

async function wishOf(
  item: JsonObject,
  { namespace, rename, own }: NameOptions & { readonly own: string },
): Promise<Wish> {
  const given = rename !== undefined && Object.hasOwn(rename, own) ? rename[own] : undefined;
  const full = `${namespace}_${given ?? own}`;
  const mapped = mapCharacters(full);
  const offered = isItemName(mapped) ? mapped : await shortened(namespace, given ?? own);
  return { item, own, offered, isOwn: given === undefined && offered === full, isRenamed: given !== undefined };
}

async function shortened(namespace: string, name: string): Promise<string> {
  const full = `${namespace}_${name}`;
  const digest = await sha256(full);
  return `${mapCharacters(full).slice(0, KEPT_CHARACTERS)}_${digest.slice(0, DIGEST_CHARACTERS)}`;
}

function mapCharacters(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/gu, "_");
}
