/**
 * The head of a request to an HTTP proxy: a tunnel to an address, or a request to pass on.
 *
 * Sources: RFC 9112 §3.2 (forms of the target), §5 (fields), RFC 9110 §7.6.1 (Connection), §9.3.6 (CONNECT).
 *
 * @module
 */
import type { Socket } from "../../../kernel/mod.ts";
import { type Address, readAddress } from "./address.ts";

const MOST_BYTES = 64 * 1_024;
const CR = 13;
const LF = 10;
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_REGEXP = new RegExp(`^(${TOKEN}) (\\S+) (HTTP/1\\.[01])$`);
const FIELD_REGEXP = new RegExp(`^(${TOKEN}):[\\t ]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);
const ABSOLUTE_REGEXP = /^http:\/\/([^/?#]+)([^#]*)$/i;
const HAS_PORT_REGEXP = /:\d*$/;

/** Are about this connection, and go no further. */
const HOP_FIELDS: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "upgrade",
];
/** Say where the body ends, or are written anew, whatever `Connection` lists. */
const FRAMING_FIELDS: readonly string[] = ["content-length", "transfer-encoding"];

/** What is asked of the proxy, or why that cannot be read. */
export type RequestHead =
  | { readonly address: Address; /** The head for the server; none for a tunnel. */ readonly head?: string }
  | { readonly problem: string };

/** A head as it arrived, and what came after it. */
export interface ReceivedHead {
  readonly text: string;
  readonly rest: Uint8Array;
}

/** Receives a head; `"large"` when it does not end in time, `undefined` when the connection ends before. */
export async function receiveHead(socket: Socket): Promise<ReceivedHead | "large" | undefined> {
  const buffer = new Uint8Array(MOST_BYTES);
  let length = 0;
  for (;;) {
    const bytes = await socket.read();
    if (bytes === undefined) return undefined;
    const fitting = bytes.subarray(0, MOST_BYTES - length);
    buffer.set(fitting, length);
    const end = findEnd(buffer.subarray(0, length + fitting.length), Math.max(0, length - 3));
    if (end !== undefined) {
      return { text: fromBytes(buffer.subarray(0, end - 4)), rest: bytes.slice(end - length) };
    }
    length += fitting.length;
    if (length === MOST_BYTES) return "large";
  }
}

function findEnd(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4;
  }
  return undefined;
}

/** Gives text as bytes, one for each character. */
export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

// fields may hold any byte, and pass through as they are
function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Reads a head, without the empty line at its end. */
export function readHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const [, method = "", target = "", version = ""] = REQUEST_REGEXP.exec(first) ?? [];
  if (method === "") return { problem: "the first line is no request of HTTP/1.1" };
  const fields = lines.map((line) => FIELD_REGEXP.exec(line));
  if (fields.some((field) => field === null)) return { problem: "a line of the head is no header field" };
  if (method === "CONNECT") {
    const address = readAddress(target);
    return address === undefined ? { problem: 'expected "CONNECT host:port"' } : { address };
  }
  const [, authority = "", rest = ""] = ABSOLUTE_REGEXP.exec(target) ?? [];
  const address = readAddress(HAS_PORT_REGEXP.test(authority) ? authority : `${authority}:80`);
  if (address === undefined) return { problem: 'expected "http://host/path" or "CONNECT host:port"; this is a proxy' };
  const path = rest.startsWith("/") ? rest : method === "OPTIONS" && rest === "" ? "*" : `/${rest}`;
  const kept = passOn(fields as readonly RegExpExecArray[]);
  const host = `Host: ${address.text.replace(/:80$/, "")}`;
  return { address, head: [`${method} ${path} ${version}`, host, ...kept, "Connection: close", "", ""].join("\r\n") };
}

/** Leaves out what is about this connection. */
function passOn(fields: readonly RegExpExecArray[]): readonly string[] {
  const nameOf = ([, name = ""]: RegExpExecArray) => name.toLowerCase();
  const listed = fields.filter((field) => nameOf(field) === "connection")
    .flatMap(([, , value = ""]) => value.toLowerCase().split(",").map((it) => it.trim()));
  const dropped = new Set(["host", ...HOP_FIELDS, ...listed.filter((name) => !FRAMING_FIELDS.includes(name))]);
  return fields.filter((field) => !dropped.has(nameOf(field))).map(([line]) => line);
}
