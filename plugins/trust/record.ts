/**
 * The record of what is trusted: `trust.json` in the home folder, which the command line and all servers with this home
 * share.
 *
 * ```json
 * { "version": 1, "trusted": [{ "kind": "project", "id": "/home/ada/engine", "trusted_at": "2026-11-21T09:30:00.000Z" }] }
 * ```
 *
 * Fields that are not known stay as they are.
 *
 * @module
 */
import { type Folder, isObject, type JsonObject, messageOf, ToolError } from "../../kernel/mod.ts";
import type { TrustEntry, TrustSubject } from "./contract.ts";

/** Name of the file in the home folder. */
export const TRUST_FILE = "trust.json";
const VERSION = 1;
const LOCK = "trust";
const LOCK_MS = 10_000;
/** Bits by which group and others write. */
const OTHERS_WRITE = 0o022;

/** An entry as it stands in the file. */
type Row = JsonObject & { readonly kind: string; readonly id: string };

/** What stands in the file. */
interface Content {
  /** The whole file, with what is not known. */
  readonly whole: JsonObject;
  readonly rows: readonly Row[];
}

const EMPTY: Content = { whole: {}, rows: [] };

/** Reads and changes the record. */
export class TrustRecord {
  readonly #home: Folder;
  #last: { readonly fingerprint: string; readonly content: Content } | undefined;

  /** @param home Home folder of the server. */
  constructor(home: Folder) {
    this.#home = home;
  }

  /** Absolute path of the file, for messages. */
  get path(): string {
    return `${this.#home.path}/${TRUST_FILE}`;
  }

  /** Gives another text whenever the file is another; empty when there is none. */
  async fingerprint(): Promise<string> {
    const stat = await this.#home.stat(TRUST_FILE);
    return stat === undefined ? "" : `${stat.fingerprint} ${stat.mode}`;
  }

  /**
   * Tells whether something is trusted: as it is now, or whatever it becomes.
   *
   * @throws {ToolError} when the file cannot be used.
   */
  async has({ kind, id, digest }: TrustSubject): Promise<boolean> {
    const { rows } = await this.#read();
    return rows.some((row) => isOf(row, { kind, id }) && (row["digest"] === undefined || row["digest"] === digest));
  }

  /**
   * Lists what is trusted, by kind and id.
   *
   * @throws {ToolError} when the file cannot be used.
   */
  async list(): Promise<readonly TrustEntry[]> {
    const { rows } = await this.#read();
    const entries = rows.map((row): TrustEntry => ({
      kind: row.kind,
      id: row.id,
      ...(typeof row["digest"] === "string" && { digest: row["digest"] }),
      trustedAt: String(row["trusted_at"] ?? ""),
    }));
    return entries.sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id) || compare(a.trustedAt, b.trustedAt));
  }

  /**
   * Adds something in place of what was known of it.
   *
   * @throws {ToolError} when the file cannot be used or written.
   */
  async add({ kind, id, digest }: TrustSubject): Promise<void> {
    await this.#change((rows) => {
      const { digest: _digest, ...before } = rows.find((row) => isOf(row, { kind, id })) ?? { kind, id };
      const row: Row = {
        ...before,
        kind,
        id,
        ...(digest !== undefined && { digest }),
        trusted_at: new Date().toISOString(),
      };
      return [...rows.filter((it) => !isOf(it, row)), row];
    });
  }

  /**
   * Removes something; tells whether it was there.
   *
   * @throws {ToolError} when the file cannot be used or written.
   */
  async remove({ kind, id }: TrustSubject): Promise<boolean> {
    let wasThere = false;
    await this.#change((rows) => {
      wasThere = rows.some((row) => isOf(row, { kind, id }));
      return wasThere ? rows.filter((row) => !isOf(row, { kind, id })) : undefined;
    });
    return wasThere;
  }

  async #change(change: (rows: readonly Row[]) => readonly Row[] | undefined): Promise<void> {
    const release = await this.#home.lock(LOCK, { signal: AbortSignal.timeout(LOCK_MS) }).catch((thrown) => {
      throw new ToolError(`Cannot change "${this.path}": another server is changing it; try again`, { cause: thrown });
    });
    try {
      const { whole, rows } = await this.#read();
      const trusted = change(rows);
      if (trusted === undefined) return;
      const text = JSON.stringify({ ...whole, version: VERSION, trusted }, undefined, 2);
      await this.#home.writeAtomic(TRUST_FILE, `${text}\n`, { mode: 0o600 });
    } finally {
      await release();
    }
  }

  async #read(): Promise<Content> {
    try {
      const fingerprint = await this.fingerprint();
      if (fingerprint === "") return EMPTY;
      if (fingerprint !== this.#last?.fingerprint) this.#last = { fingerprint, content: await this.#parse() };
      return this.#last.content;
    } catch (thrown) {
      throw new ToolError(`Cannot tell what is trusted: "${this.path}" ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  async #parse(): Promise<Content> {
    const { mode } = await this.#home.stat(TRUST_FILE) ?? {};
    if (mode !== undefined && (mode & OTHERS_WRITE) !== 0) {
      throw new Error(`can be written by others (mode ${mode.toString(8)}); check it, then run chmod 600 on it`);
    }
    const text = await this.#home.readText(TRUST_FILE);
    return text === undefined ? EMPTY : parse(text);
  }
}

function parse(text: string): Content {
  const remedy = "mend it, or remove it and trust again";
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new Error(`is not valid JSON; ${remedy}`);
  }
  if (!isObject(whole)) throw new Error(`is no JSON object; ${remedy}`);
  const { version, trusted = [] } = whole;
  if (version !== VERSION) {
    const found = version === undefined ? "no version" : `version ${JSON.stringify(version)}`;
    throw new Error(`has ${found}, where ${VERSION} is known; use the Collet that wrote it, or ${remedy}`);
  }
  if (!Array.isArray(trusted) || !trusted.every(isRow)) {
    throw new Error(`has an entry of "trusted" without "kind" and "id" as texts; ${remedy}`);
  }
  return { whole: whole as JsonObject, rows: trusted };
}

function isRow(value: unknown): value is Row {
  return isObject(value) && typeof value["kind"] === "string" && typeof value["id"] === "string" &&
    (value["digest"] === undefined || typeof value["digest"] === "string");
}

function isOf(row: Row, { kind, id }: Pick<TrustSubject, "kind" | "id">): boolean {
  return row.kind === kind && row.id === id;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
