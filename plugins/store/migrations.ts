/**
 * The tables of `state.db`, and how a file of an earlier format becomes one of the present.
 *
 * @module
 */
import { KernelError, type SqlDatabase } from "../../kernel/mod.ts";
import { rollBack } from "./busy.ts";

// kept in the file as PRAGMA application_id: "Colt" in ASCII
const APPLICATION_ID = 0x436f6c74;

const FORMAT_1 = `
CREATE TABLE entries (
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires_at INTEGER,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (namespace, key)
) STRICT;
CREATE INDEX entries_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;

-- a change's rowid is the version that it gave; AUTOINCREMENT, so that none is given twice
CREATE TABLE changes (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL
) STRICT;
CREATE TRIGGER changes_bounded AFTER INSERT ON changes WHEN new.version % 1000 = 0 BEGIN
  DELETE FROM changes WHERE version <= new.version - 10000;
END;

-- what each namespace holds, with what expired and was not yet purged
CREATE TABLE totals (
  namespace TEXT PRIMARY KEY,
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER totals_insert AFTER INSERT ON entries BEGIN
  INSERT INTO totals (namespace, entries, bytes) VALUES (new.namespace, 1, new.bytes)
    ON CONFLICT (namespace) DO UPDATE SET entries = entries + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER totals_update AFTER UPDATE OF bytes ON entries BEGIN
  UPDATE totals SET bytes = bytes + new.bytes - old.bytes WHERE namespace = new.namespace;
END;
CREATE TRIGGER totals_delete AFTER DELETE ON entries BEGIN
  UPDATE totals SET entries = entries - 1, bytes = bytes - old.bytes WHERE namespace = old.namespace;
  DELETE FROM totals WHERE namespace = old.namespace AND entries = 0;
END;
`;

/** The step to each format from the one before it: the first makes format 1 of an empty file. */
export const MIGRATIONS: readonly string[] = [FORMAT_1];

/** What a file says of itself. */
type Format = Readonly<Record<"objects" | "application" | "format", number>>;

const READ_FORMAT = `
SELECT count(*) AS objects,
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS format
FROM sqlite_schema`;

/**
 * Reads the format of a file; 0 when it is empty.
 *
 * @throws {KernelError} `STATE_UNREADABLE` when another program made it, `STATE_NEWER` when its format is above `known`.
 */
export function readFormat(db: SqlDatabase, path: string, options: { readonly known: number }): number {
  // one statement, so that another process cannot make the tables between two of them
  const { objects, application, format } = db.prepare(READ_FORMAT).get() as Format;
  if (objects === 0) return 0;
  if (application !== APPLICATION_ID || format === 0) {
    throw new KernelError("STATE_UNREADABLE", `Cannot read the state "${path}": another program made this file`, {
      fix: `Move it out of the folder; a new one is made then`,
    });
  }
  if (format > options.known) {
    throw new KernelError(
      "STATE_NEWER",
      `Cannot read the state "${path}": it has format ${format}, this version of Collet knows formats up to ${options.known}`,
      { fix: "Run the version of Collet that wrote it or a later one, or restore a backup that this version made" },
    );
  }
  return format;
}

/** Takes a file from one format to the last of `migrations`, in one transaction. */
export function migrate(
  db: SqlDatabase,
  { from, migrations }: { readonly from: number; readonly migrations: readonly string[] },
): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of migrations.slice(from)) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
    db.exec("COMMIT");
  } catch (error) {
    rollBack(db);
    throw error;
  }
}
