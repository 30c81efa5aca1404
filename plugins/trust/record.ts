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
import type { TrustEntry, TrustPart, TrustSubject } from "./contract.ts";

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
   * Tells whether something is trusted, with all of its parts: as it is now, or whatever it becomes.
   *
   * @throws {ToolError} when the file cannot be used.
   */
  async has(subject: TrustSubject): Promise<boolean> {
    const rows = new Map((await this.#read()).rows.map((row) => [keyOf(row), row]));
    return partsOf(subject).every((part) => {
      const row = rows.get(keyOf(part));
      return row !== undefined && (row["digest"] === undefined || row["digest"] === part.digest);
    });
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
      ...(typeof row["version"] === "string" && { version: row["version"] }),
      trustedAt: String(row["trusted_at"] ?? ""),
    }));
    return entries.sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id) || compare(a.trustedAt, b.trustedAt));
  }

  /**
   * Adds something, or its parts, in place of what was known of it.
   *
   * @throws {ToolError} when the file cannot be used or written.
   */
  async add(subject: TrustSubject): Promise<void> {
    await this.#change((rows) => {
      const known = new Map(rows.map((row) => [keyOf(row), row]));
      for (const part of partsOf(subject)) {
        const key = keyOf(part);
        const row = rowOf(part, known.get(key));
        // what was trusted last comes last
        known.delete(key);
        known.set(key, row);
      }
      return [...known.values()];
    });
  }

  /**
   * Writes the version of something, or of its parts, where it is trusted by the same digest.
   *
   * @throws {ToolError} when the file cannot be used or written.
   */
  async renew(subject: TrustSubject): Promise<void> {
    const parts = new Map(partsOf(subject).map((part) => [keyOf(part), part]));
    await this.#change((rows) =>
      rows.map((row) => {
        const part = parts.get(keyOf(row));
        return part?.digest === undefined || part.digest !== row["digest"] ? row : { ...row, version: part.version };
      })
    );
  }

  /**
   * Removes something, or its parts; tells whether any of it was there.
   *
   * @throws {ToolError} when the file cannot be used or written.
   */
  async remove(subject: TrustSubject): Promise<boolean> {
    const gone = new Set(partsOf(subject).map(keyOf));
    let wasThere = false;
    await this.#change((rows) => {
      const left = rows.filter((row) => !gone.has(keyOf(row)));
      wasThere = left.length < rows.length;
      return wasThere ? left : undefined;
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

function partsOf({ parts, ...whole }: TrustSubject): readonly (TrustPart & Pick<TrustSubject, "kind">)[] {
  return parts === undefined ? [whole] : parts.map((part) => ({ ...part, kind: whole.kind }));
}

function keyOf({ kind, id }: Pick<TrustSubject, "kind" | "id">): string {
  return JSON.stringify([kind, id]);
}

/** Makes an entry; fields of the one before it that are not known stay. */
function rowOf({ kind, id, digest, version }: TrustPart & Pick<TrustSubject, "kind">, before: Row | undefined): Row {
  const { digest: _digest, version: _version, ...rest } = before ?? { kind, id };
  return {
    ...rest,
    kind,
    id,
    ...(digest !== undefined && { digest }),
    ...(version !== undefined && { version }),
    trusted_at: new Date().toISOString(),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
