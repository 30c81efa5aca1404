/**
 * What is kept of servers from one process to the next: what they listed, and what their tools were when first seen.
 *
 * @module
 */
import { isObject, sha256 } from "../../../kernel/mod.ts";
import { type Namespace, type Operation, type Store, update } from "../../store/contract.ts";
import { type RawEntries, readRawEntries } from "./raw_entries.ts";

// a value may have 16 MiB of JSON, in which a character takes six bytes at most
const CHUNK_CHARACTERS = 2_000_000;
// longer than anyone leaves a server alone that is still wanted
const KEPT_MS = 90 * 24 * 3_600_000;

/** What a server listed, and when. */
export interface KeptEntries {
  readonly raw: RawEntries;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
}

/** What is kept beside the text of the entries. */
type Head = { readonly fetchedAt: number; readonly chunks: number; readonly digest: string };

/** Digests of tools by their name. */
export type Pins = ReadonlyMap<string, string>;

/** Keeps it in a store; without one nothing is kept. */
export class CatalogMemory {
  readonly #entries: Namespace | undefined;
  readonly #pins: Namespace | undefined;

  constructor(store: Store | undefined) {
    this.#entries = store?.namespace("upstream/catalog");
    this.#pins = store?.namespace("upstream/pins");
  }

  /** Reads what the server of a definition listed; `undefined` when nothing whole is kept. */
  async read(definitionDigest: string): Promise<KeptEntries | undefined> {
    const head = await this.#head(definitionDigest);
    if (this.#entries === undefined || head === undefined) return undefined;
    const keys = Array.from({ length: head.chunks }, (_, index) => chunkKey(definitionDigest, index));
    const chunks = await Promise.all(keys.map((key) => this.#entries!.get(key)));
    const text = chunks.map((chunk) => chunk?.value ?? "").join("");
    // it may have been written anew meanwhile
    if (head.digest !== await sha256(text)) return undefined;
    const raw = readRawEntries(JSON.parse(text));
    return raw === undefined ? undefined : { raw, fetchedAt: head.fetchedAt };
  }

  /**
   * Keeps what the server of a definition listed, for 90 days.
   *
   * @throws {ToolError} when it is larger than the store takes.
   */
  async write(definitionDigest: string, { raw, fetchedAt }: KeptEntries): Promise<void> {
    if (this.#entries === undefined) return;
    const text = JSON.stringify(raw);
    const chunks = Math.ceil(text.length / CHUNK_CHARACTERS);
    const head: Head = { fetchedAt, chunks, digest: await sha256(text) };
    const operations: Operation[] = [
      { type: "set", key: headKey(definitionDigest), value: head, ttlMs: KEPT_MS },
    ];
    for (let index = 0; index < chunks; index++) {
      const value = text.slice(index * CHUNK_CHARACTERS, (index + 1) * CHUNK_CHARACTERS);
      operations.push({ type: "set", key: chunkKey(definitionDigest, index), value, ttlMs: KEPT_MS });
    }
    const before = (await this.#head(definitionDigest))?.chunks ?? 0;
    for (let index = chunks; index < before; index++) {
      operations.push({ type: "delete", key: chunkKey(definitionDigest, index) });
    }
    await this.#entries.batch(operations);
  }

  async #head(definitionDigest: string): Promise<Head | undefined> {
    return (await this.#entries?.get(headKey(definitionDigest)))?.value as Head | undefined;
  }

  /** Changes the pins of a server, by what they are; `change` gives the new ones, or `undefined` to leave them. */
  async updatePins(server: string, change: (pins: Pins) => Pins | undefined): Promise<void> {
    if (this.#pins === undefined) return;
    await update(this.#pins, server, {
      change: (value) => {
        const pins = change(readPins(value));
        return pins === undefined ? undefined : { tools: [...pins] };
      },
    });
  }

  /** Reads the pins of a server. */
  async pins(server: string): Promise<Pins> {
    return readPins((await this.#pins?.get(server))?.value);
  }

  /** Forgets what the server of a definition listed. */
  async forgetEntries(definitionDigest: string): Promise<void> {
    await this.#entries?.deletePrefix(`${definitionDigest}/`);
  }

  /** Forgets what the tools of a server were. */
  async forgetPins(server: string): Promise<void> {
    await this.#pins?.delete(server);
  }
}

function readPins(value: unknown): Pins {
  const pairs = isObject(value) && Array.isArray(value.tools) ? value.tools : [];
  return new Map(pairs.filter(isPair));
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((it) => typeof it === "string");
}

function headKey(definitionDigest: string): string {
  return `${definitionDigest}/head`;
}

function chunkKey(definitionDigest: string, index: number): string {
  return `${definitionDigest}/${index}`;
}
