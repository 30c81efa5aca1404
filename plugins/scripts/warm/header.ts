/**
 * What turns a waiting interpreter into a script.
 *
 * @module
 */

/** The line by which a boot says that it waits. */
export const READY = "COLLET\n";

/** A file of a script: its text, or its bytes in base64. */
export type WarmFile = string | { readonly base64: string };

/** What a waiting interpreter is to become; paths are those that it sees. */
export interface WarmHeader {
  /** Absolute path of the script. Deno was started with it. */
  readonly file: string;
  /** Arguments of the script; Deno was started with them. */
  readonly argv?: readonly string[];
  /** Variables; what interpreters read when they start is not among them, see {@linkcode warmCommand}. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files to write first, by absolute path; folders are made. */
  readonly files?: Readonly<Record<string, WarmFile>>;
  /** Working folder; the one that it was started in by default. */
  readonly cwd?: string;
  /** Folders that a script of Deno may not change, although its boot could. */
  readonly revoke?: readonly string[];
}

/** Writes a header as boots read it: what follows it on stdin is the script's. */
export function encodeHeader(header: WarmHeader): string {
  const json = JSON.stringify(header);
  const { length } = new TextEncoder().encode(json);
  return `COLLET ${length.toString(16).padStart(8, "0")}\n${json}`;
}
