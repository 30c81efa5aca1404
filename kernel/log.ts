/**
 * The operator's log: one line an entry, on stderr unless told otherwise.
 *
 * @module
 */
import type { JsonObject } from "./content.ts";
import type { LogChange, LogText } from "./contracts.ts";
import type { Disposer, Log } from "./plugin.ts";

const SEVERITY = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** The least severe level that is written; `silent` writes nothing. */
export type LogThreshold = keyof typeof SEVERITY;
type EntryLevel = Exclude<LogThreshold, "silent">;

/** All thresholds, from the most to the least talkative. */
export const LOG_THRESHOLDS: readonly LogThreshold[] = Object.keys(SEVERITY) as LogThreshold[];

/** What a log can be told. */
export interface LogOptions {
  /** `info` by default. */
  readonly level?: LogThreshold;
  /** Writes JSON lines instead of text; `false` by default. */
  readonly json?: boolean;
  /** Receives each line, without its end; stderr by default. */
  readonly write?: (line: string) => void;
}

/** A log whose entries carry the name of whoever writes. */
export interface NamedLog extends Log {
  /** Makes a log for another writer with the same output. */
  named(name: string): NamedLog;
}

/** A log whose entries can be changed before they are written, under whatever name. */
export interface FilteredLog extends NamedLog {
  /** Makes a log for another writer, with the same output and the same changes. */
  named(name: string): FilteredLog;
  /** Passes entries through a change, after those that are there already; the disposer ends that. */
  filter(change: LogChange): Disposer;
}

/** Makes a log. */
export function createLog(options: LogOptions = {}): FilteredLog {
  // deno-lint-ignore no-console -- console.error is stderr on every runtime
  const write = options.write ?? ((line: string) => console.error(line));
  const least = SEVERITY[options.level ?? "info"];
  const format = options.json ? formatJson : formatText;
  return makeFiltered((level, name = "kernel", said, changes) => {
    if (SEVERITY[level] < least) return;
    const { message, data } = changes.apply({ message: said.message, data: plain(said.data) });
    write(format({ time: new Date().toISOString(), level, name, message, data }));
  });
}

/** Makes a log that can be filtered out of any log: itself, if it can be already. */
export function filterLog(log: Log): FilteredLog {
  if ("filter" in log && typeof log.filter === "function") return log as FilteredLog;
  return makeFiltered((level, name, said, changes) => {
    const named = name === undefined ? log : nameLog(log, name);
    if (changes.isEmpty) return named[level](said.message, said.data);
    const flat = { message: said.message, data: said.data && plain(said.data) };
    const { message, data } = changes.apply(flat);
    // what is not changed stays as it was: an error is more to a log than its text
    named[level](message, data === flat.data ? said.data : data);
  });
}

/** Gives a log a name, if it is one that can take it. */
export function nameLog(log: Log, name: string): Log {
  return "named" in log && typeof log.named === "function" ? (log as NamedLog).named(name) : log;
}

type WriteEntry = (level: EntryLevel, name: string | undefined, said: LogText, changes: LogChanges) => void;

function makeFiltered(write: WriteEntry): FilteredLog {
  const changes = new LogChanges();
  const make = (name: string | undefined): FilteredLog => {
    const entry = (level: EntryLevel) => (message: string, data?: JsonObject) => {
      write(level, name, { message, data }, changes);
    };
    return {
      debug: entry("debug"),
      info: entry("info"),
      warn: entry("warn"),
      error: entry("error"),
      named: make,
      filter: (change) => changes.add(change),
    };
  };
  return make(undefined);
}

/** The changes that entries pass through. */
class LogChanges {
  #list: readonly LogChange[] = [];

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  add(change: LogChange): Disposer {
    const own: LogChange = (said) => change(said);
    this.#list = [...this.#list, own];
    return () => {
      this.#list = this.#list.filter((it) => it !== own);
    };
  }

  apply(said: LogText): LogText {
    try {
      return this.#list.reduce((it, change) => change(it), said);
    } catch {
      // what it was to hide must not be seen because it fails
      return { message: "An entry is withheld: a filter of the log failed", data: undefined };
    }
  }
}

interface Entry {
  readonly time: string;
  readonly level: EntryLevel;
  readonly name: string;
  readonly message: string;
  readonly data: JsonObject | undefined;
}

// the entry's own fields come first, and data of the same names does not replace them
function formatJson({ data, ...entry }: Entry): string {
  return JSON.stringify({ ...entry, ...data, ...entry });
}

function formatText({ time, level, name, message, data = {} }: Entry): string {
  const pairs = Object.entries(data).map(([key, value]) =>
    ` ${key}=${typeof value === "string" && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`
  );
  return escapeControls(`${time} ${level.padEnd(5)} ${name}: ${message}${pairs.join("")}`);
}

// what is logged may come from a client: it must neither begin a line of its own nor move a terminal's cursor
function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => char === "\n" ? "\\n" : `\\u${hex(char)}`);
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, "0");
}

function plain(data: JsonObject = {}): JsonObject {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, loggable(value)]));
}

// errors are not enumerable, and a stack tells neither the cause nor the errors that an AggregateError gathers
function describeError(error: Error, seen: readonly Error[] = []): string {
  const known = [...seen, error];
  const inner = [...(error instanceof AggregateError ? error.errors : []), error.cause];
  const lines = inner.filter((it): it is Error => it instanceof Error && !known.includes(it))
    .map((it) => `\ncaused by ${describeError(it, known)}`);
  return `${error.stack ?? error.message}${lines.join("")}`;
}

function loggable(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  try {
    JSON.stringify(value);
    return value;
  } catch {
    return String(value);
  }
}
