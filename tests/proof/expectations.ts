/**
 * What a server owes for the lines that it got: for each request whose id can be read one answer with that id, for
 * what is no message one error without an id, for notifications nothing.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Message } from "../support/raw.ts";

/** How many answers are right. */
export interface Range {
  least: number;
  most: number;
}

/** What is owed for one message or line. */
export interface Due extends Range {
  /** The id of the answer; `undefined` when it has none. */
  readonly id: unknown;
}

/** What is owed for all lines. */
export interface Owed {
  /** Fewest answers in all. */
  readonly least: number;
  readonly byId: ReadonlyMap<string, Range>;
  /** Requests that stay open. */
  readonly listening: readonly unknown[];
}

/** Gives a text for an id that no other id has. */
export function keyOf(id: unknown): string {
  return id === undefined || id === null ? "none" : JSON.stringify(id);
}

/** Works out what is owed for a stream of lines. */
export function owedFor(stream: Uint8Array, maxBytes: number): Owed {
  const lines = splitLines(stream).map((line) => readLine(line, maxBytes));
  const items = lines.flatMap((line) => line.items).filter(isRecord);
  const listening = items.filter((it) => it["method"] === "subscriptions/listen").map((it) => it["id"]);
  const cancelled = items.filter((it) => it["method"] === "notifications/cancelled").map(({ params }) =>
    isRecord(params) ? params["requestId"] : undefined
  );
  // these may be answered or not
  const open = new Set([...listening, ...cancelled].map(keyOf));
  const byId = new Map<string, Range>();
  let least = 0;
  for (const { dues, isFlexible } of lines) {
    const firm = dues.map((due) => open.has(keyOf(due.id)) && due.id !== undefined ? { ...due, least: 0 } : due);
    const total = firm.reduce((sum, due) => sum + due.least, 0);
    least += isFlexible ? Math.min(1, total) : total;
    // a flexible line may be refused as a whole
    for (const { id, least, most } of isFlexible ? [...firm, { ...REFUSAL, least: 0 }] : firm) {
      const range = byId.get(keyOf(id)) ?? { least: 0, most: 0 };
      byId.set(keyOf(id), { least: range.least + (isFlexible ? 0 : least), most: range.most + most });
    }
  }
  return { least, byId, listening };
}

/** Gives the answers that may still come: those of requests that stay open or were cancelled. */
export function leftOf({ byId }: Owed, messages: readonly Message[]): Owed {
  const left = [...byId].flatMap(([id, { most }]) => {
    const count = messages.filter((it) => it.method === undefined && keyOf(it.id) === id).length;
    return id !== "none" && count < most ? [[id, { least: 0, most: most - count }] as const] : [];
  });
  return { least: 0, byId: new Map(left), listening: [] };
}

/** Adds up what is owed. */
export function together(a: Owed, b: Owed): Owed {
  const byId = new Map(a.byId);
  for (const [id, { least, most }] of b.byId) {
    const before = byId.get(id) ?? { least: 0, most: 0 };
    byId.set(id, { least: before.least + least, most: before.most + most });
  }
  return { least: a.least + b.least, byId, listening: [...a.listening, ...b.listening] };
}

/** Tells what is wrong with some answers; `undefined` when nothing is, and `"waiting"` when some are still owed. */
export function judge({ byId, least }: Owed, messages: readonly Message[]): string | undefined {
  const answers = messages.filter((it) => it.method === undefined);
  const counts = new Map<string, number>();
  for (const { id } of answers) counts.set(keyOf(id), (counts.get(keyOf(id)) ?? 0) + 1);
  for (const [id, count] of counts) {
    const most = byId.get(id)?.most ?? 0;
    if (count > most) return `${count} answers with id ${id}, where ${most} are owed`;
  }
  for (const [id, range] of byId) {
    const count = counts.get(id) ?? 0;
    if (count < range.least) return `waiting: ${count} answers with id ${id}, where ${range.least} are owed`;
  }
  return answers.length < least ? `waiting: ${answers.length} answers, where ${least} are owed` : undefined;
}

function splitLines(stream: Uint8Array): Buffer[] {
  const bytes = Buffer.from(stream);
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw new Error("Expected whole lines");
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

interface ReadLine {
  readonly dues: readonly Due[];
  readonly items: readonly unknown[];
  /** Whether the line may as well be refused as a whole. */
  readonly isFlexible: boolean;
}

const PLAIN_DEPTH = 100;
const REFUSAL: Due = { id: undefined, least: 1, most: 1 };

function readLine(line: Buffer, maxBytes: number): ReadLine {
  if (line.length > maxBytes) return { dues: [REFUSAL], items: [], isFlexible: false };
  const text = line.toString("utf8");
  const isUtf8 = Buffer.from(text).equals(line);
  const trimmed = text.trim();
  if (trimmed === "") {
    const isBlank = /^[ \t\r]*$/.test(text);
    return { dues: isBlank ? [] : [{ ...REFUSAL, least: 0 }], items: [], isFlexible: false };
  }
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    return { dues: [REFUSAL], items: [], isFlexible: false };
  }
  // JSON knows fewer blanks
  const isStrict = isUtf8 && !isDeep(trimmed) && text.replace(/^[ \t\r]+|[ \t\r]+$/g, "") === trimmed;
  if (!Array.isArray(value)) {
    const due = dueFor(value);
    return { dues: due === undefined ? [] : [due], items: [value], isFlexible: !isStrict || isOddNumber(due?.id) };
  }
  if (value.length === 0) return { dues: [REFUSAL], items: [], isFlexible: !isStrict };
  const dues = value.map(dueFor).filter((due) => due !== undefined);
  const refusals = dues.filter(({ id }) => isOddNumber(id)).map(() => ({ ...REFUSAL, least: 0 }));
  return { dues: [...dues, ...refusals], items: value, isFlexible: true };
}

// may be taken for an id, or for none
function isOddNumber(id: unknown): boolean {
  return typeof id === "number" && !Number.isSafeInteger(id);
}

// deeper than messages are; a server may refuse it unread
function isDeep(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (const bracket of text.replace(/"(?:[^"\\]|\\.)*"/g, "").match(/[[{}\]]/g) ?? []) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest > PLAIN_DEPTH;
}

/** Works out what is owed for one message. */
export function dueFor(value: unknown): Due | undefined {
  if (!isRecord(value)) return REFUSAL;
  const { id, method } = value;
  const isReply = "result" in value || "error" in value;
  if (typeof id === "string" || Number.isFinite(id)) {
    return { id, least: isReply ? 0 : 1, most: 1 };
  }
  if (isReply) return { ...REFUSAL, least: 0 };
  if (!("id" in value) && typeof method === "string") {
    return isPlainNotification(value) ? undefined : { ...REFUSAL, least: 0 };
  }
  return REFUSAL;
}

// what is odd about a notification may be told or not
function isPlainNotification({ jsonrpc, method: _method, params = {}, ...rest }: Readonly<Record<string, unknown>>) {
  const { _meta = {} } = isRecord(params) ? params : { _meta: undefined };
  return jsonrpc === "2.0" && isRecord(params) && isRecord(_meta) && Object.keys(rest).length === 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
