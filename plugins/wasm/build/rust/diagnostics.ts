/**
 * Reads what rustc says, as cargo passes it on: https://doc.rust-lang.org/cargo/reference/external-tools.html and
 * https://doc.rust-lang.org/rustc/json.html.
 *
 * @module
 */
import { isObject } from "../../../../kernel/mod.ts";
import type { Diagnostic } from "../compiler.ts";
import { MOST_DIAGNOSTICS } from "../located_diagnostics.ts";

const MOST_HINTS = 4;
// said at the end of every compilation
const SUMMARY_REGEXP =
  /^(?:aborting due to|\d+ warnings? emitted|For more information about|Some errors have detailed)/;

/** What cargo's output says of the tool and its crates. */
export interface CargoMessages {
  readonly diagnostics: readonly Diagnostic[];
  /** As rustc shows them to people. */
  readonly rendered: string;
}

/**
 * Reads the messages.
 *
 * @param isOurs Tells whether a file, relative to the tool, is one of it.
 */
export function readCargoMessages(stdout: string, isOurs: (path: string) => boolean): CargoMessages {
  const diagnostics: Diagnostic[] = [];
  const rendered: string[] = [];
  for (const line of stdout.split("\n")) {
    const { message } = parsed(line);
    if (!isObject(message) || typeof message["message"] !== "string" || SUMMARY_REGEXP.test(message["message"])) {
      continue;
    }
    if (typeof message["rendered"] === "string") rendered.push(message["rendered"]);
    if (diagnostics.length < MOST_DIAGNOSTICS) diagnostics.push(readDiagnostic(message, isOurs));
  }
  return { diagnostics, rendered: rendered.join("\n") };
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith('{"reason":"compiler-message"')) return {};
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function readDiagnostic(
  message: Readonly<Record<string, unknown>>,
  isOurs: (path: string) => boolean,
): Diagnostic {
  const spans = listOf(message["spans"]);
  const primary = spans.find((span) => span["is_primary"] === true);
  const place = primary && placeIn(primary, isOurs);
  const label = typeof primary?.["label"] === "string" ? primary["label"] : "";
  const code = isObject(message["code"]) ? message["code"]["code"] : undefined;
  const said = String(message["message"]);
  const hints = listOf(message["children"]).slice(0, MOST_HINTS)
    .map((child) => `${child["level"]}: ${withReplacement(child)}`);
  return {
    severity: severityOf(String(message["level"])),
    ...place,
    ...(typeof code === "string" && { code }),
    message: [label === "" || said.includes(label) ? said : `${said}: ${label}`, ...hints].join("\n"),
  };
}

/** Gives the place of the tool that a span is in, or whose macro leads there. */
function placeIn(
  span: Readonly<Record<string, unknown>>,
  isOurs: (path: string) => boolean,
): Pick<Diagnostic, "file" | "line" | "column"> | undefined {
  for (let at: unknown = span; isObject(at);) {
    const { file_name: file, line_start: line, column_start: column, expansion } = at;
    if (typeof file === "string" && isOurs(file)) return { file, line: Number(line), column: Number(column) };
    at = isObject(expansion) ? expansion["span"] : undefined;
  }
  return undefined;
}

// what to write instead stands at the span alone
function withReplacement(child: Readonly<Record<string, unknown>>): string {
  const [replacement] = listOf(child["spans"]).map((span) => span["suggested_replacement"])
    .filter((it) => typeof it === "string" && it.trim() !== "");
  const said = String(child["message"]);
  return replacement === undefined ? said : `${said}: \`${String(replacement).trim()}\``;
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function severityOf(level: string): Diagnostic["severity"] {
  if (level.startsWith("error")) return "error";
  return level === "warning" ? "warning" : "note";
}
