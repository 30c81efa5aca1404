/**
 * The limits of the server, `server.limits` in `collet.json`.
 *
 * @module
 */
import type { JsonObject } from "../content.ts";
import type { JsonSchema } from "../schema.ts";

/** Limits in force. */
export interface Limits {
  readonly maxMessageBytes: number;
  readonly maxCalls: number;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly sessionMaxAgeMs: number;
  readonly maxParked: number;
  readonly parkedMs: number;
  readonly setupTimeoutMs: number;
  readonly graceMs: number;
}

/** One limit: its key in the file, its default and its meaning. */
export interface LimitRow {
  readonly key: string;
  readonly default: number;
  readonly least: number;
  readonly description: string;
}

// timers count to 2^31 - 1 milliseconds, and fire at once beyond that
const LONGEST_MS = 2_147_483_647;
const MOST = Number.MAX_SAFE_INTEGER;

/** All limits. */
export const LIMITS: { readonly [K in keyof Limits]: LimitRow } = {
  maxMessageBytes: {
    key: "max_message_bytes",
    default: 16_777_216,
    least: 1_024,
    description: "Largest message from a client, in bytes",
  },
  maxCalls: { key: "max_calls", default: 256, least: 1, description: "Most calls in flight" },
  maxSessions: { key: "max_sessions", default: 1_000, least: 1, description: "Most sessions over HTTP" },
  sessionIdleMs: {
    key: "session_idle_ms",
    default: 1_800_000,
    least: 1,
    description: "Ends a session over HTTP that has sent nothing for this long",
  },
  sessionMaxAgeMs: {
    key: "session_max_age_ms",
    default: 86_400_000,
    least: 1,
    description: "Ends a session over HTTP at this age",
  },
  maxParked: {
    key: "max_parked",
    default: 1_000,
    least: 1,
    description: "Most calls that wait for an answer of a user",
  },
  parkedMs: {
    key: "parked_ms",
    default: 600_000,
    least: 1,
    description: "Gives a call up that has waited this long for an answer of a user",
  },
  setupTimeoutMs: {
    key: "setup_timeout_ms",
    default: 30_000,
    least: 1,
    description: "Longest time that a plugin may take to set up",
  },
  graceMs: {
    key: "grace_ms",
    default: 5_000,
    least: 0,
    description: "Time that calls in flight are given when their plugin unloads",
  },
};

function limitEntries(): readonly (readonly [keyof Limits, LimitRow])[] {
  return Object.entries(LIMITS) as unknown as readonly (readonly [keyof Limits, LimitRow])[];
}

function mostOf({ key }: LimitRow): number {
  return key.endsWith("_ms") ? LONGEST_MS : MOST;
}

/** Gives the JSON Schema of `server.limits`. */
export function limitsSchema(): JsonSchema {
  const properties = limitEntries().map(([, row]) => [
    row.key,
    { type: "integer", minimum: row.least, maximum: mostOf(row), default: row.default, description: row.description },
  ]);
  return {
    type: "object",
    description: "Limits of the server; times are in milliseconds",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/** Completes what the file says, already checked, with the defaults. */
export function limitsFrom(file: JsonObject): Limits {
  const values = limitEntries().map(([name, row]) => [name, file[row.key] ?? row.default]);
  return Object.fromEntries(values) as Limits;
}

/** Lists the limits in force, by key. */
export function limitsInForce(limits: Limits): readonly (readonly [string, number])[] {
  return limitEntries().map(([name, { key }]) => [key, limits[name]]);
}

/** Writes the table of limits as Markdown. */
export function limitsTable(): string {
  const rows = limitEntries().map(([, row]) => `| \`${row.key}\` | ${row.default} | ${row.description} |`);
  return ["| Key of `server.limits` | Default | Meaning |", "| --- | --- | --- |", ...rows].join("\n");
}
