/**
 * The operator's log: one line an entry, on stderr unless told otherwise.
 *
 * @module
 */
import type { JsonObject } from "./content.ts";
import type { Log } from "./plugin.ts";

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

/** Makes a log. */
export function createLog(options: LogOptions = {}): NamedLog {
  // deno-lint-ignore no-console -- console.error is stderr on every runtime
  const write = options.write ?? ((line: string) => console.error(line));
  const least = SEVERITY[options.level ?? "info"];
  const format = options.json ? formatJson : formatText;
  const make = (name: string): NamedLog => {
    const entry = (level: EntryLevel) => (message: string, data?: JsonObject) => {
      if (SEVERITY[level] >= least) write(format({ time: new Date().toISOString(), level, name, message, data }));
    };
    return { debug: entry("debug"), info: entry("info"), warn: entry("warn"), error: entry("error"), named: make };
  };
  return make("kernel");
}

/** Gives a log a name, if it is one that can take it. */
export function nameLog(log: Log, name: string): Log {
  return "named" in log && typeof log.named === "function" ? (log as NamedLog).named(name) : log;
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
  return JSON.stringify({ ...entry, ...plain(data), ...entry });
}

function formatText({ time, level, name, message, data }: Entry): string {
  const pairs = Object.entries(plain(data)).map(([key, value]) =>
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
