/**
 * The index of a search path as a text: what was read of its skills, so that the next start need not read them.
 *
 * The first line is a header as JSON: `format` names the format, `version` its version, `root` the search path, `skills`
 * counts the lines that follow, `digest` is the SHA-256 of them. Each of these is one skill, as two JSON values with a
 * tab between: an array of its path, name, looks and diagnostics; its metadata, or nothing.
 *
 * @module
 */
import { isObject, sha256 } from "../../../kernel/mod.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import type { Looks } from "./looks.ts";
import { SkillRecord } from "./record.ts";

const FORMAT = "collet-skill-index";
/** Rises with every change of this format, of the rules by which skills are read, and of what their metadata hold. */
const VERSION = 1;
/** Lines that are written between two turns of others. */
const BATCH = 512;

/** What an index holds, or why it cannot be used. */
export type ParsedIndex =
  | { readonly records: readonly SkillRecord[] }
  | { readonly problem: string };

/** Writes an index. */
export async function formatIndex(root: string, records: readonly SkillRecord[]): Promise<string> {
  const lines: string[] = [];
  for (const record of records) {
    lines.push(formatRecord(record));
    if (lines.length % BATCH === 0) await giveOthersATurn();
  }
  const body = lines.join("\n");
  const header = { format: FORMAT, version: VERSION, root, skills: lines.length, digest: await sha256(body) };
  return `${JSON.stringify(header)}\n${body}`;
}

/** Reads an index; never throws. */
export async function parseIndex(root: string, bytes: Uint8Array): Promise<ParsedIndex> {
  try {
    const end = bytes.indexOf(10);
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    if (!isObject(header) || header["format"] !== FORMAT) return { problem: "it is no index of skills" };
    if (header["version"] !== VERSION) return { problem: `its version is ${header["version"]}, not ${VERSION}` };
    if (header["root"] !== root) return { problem: "it is that of another folder" };
    const body = bytes.subarray(end + 1);
    if (end < 0 || await sha256(body) !== header["digest"]) return { problem: "it is damaged" };
    const lines = body.length === 0 ? [] : new TextDecoder().decode(body).split("\n");
    return { records: lines.map(parseRecord) };
  } catch {
    return { problem: "it is damaged" };
  }
}

function formatRecord({ path, name, looks, diagnostics, json }: SkillRecord): string {
  return `${JSON.stringify([path, name ?? null, looks, diagnostics])}\t${json}`;
}

function parseRecord(line: string): SkillRecord {
  const tab = line.indexOf("\t");
  const [path, name, looks, diagnostics] = JSON.parse(line.slice(0, tab)) as [
    string,
    string | null,
    Looks,
    readonly Diagnostic[],
  ];
  const metadata = name === null ? undefined : { name, json: line.slice(tab + 1) };
  return new SkillRecord({ path, looks, diagnostics, metadata });
}

function giveOthersATurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
