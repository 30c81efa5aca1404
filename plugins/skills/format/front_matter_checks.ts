/**
 * The checks of a SKILL.md that only matter when it is published: what the reference parser of Agent Skills does not take,
 * though others do. Source: `skills-ref`, and `strictyaml`, which it reads with.
 *
 * @module
 */
import { didYouMean } from "../../../kernel/mod.ts";
import { type Diagnostic, Findings } from "./diagnostics.ts";
import { placeForKey } from "./dialects.ts";
import { inQuotes } from "./quoting.ts";
import type { SkillReading } from "./read_skill.ts";
import { STANDARD_KEYS } from "./standard_rules.ts";
import type { YamlMap, YamlOddity } from "./yaml_tree.ts";

const ODDITIES: Readonly<Record<YamlOddity["kind"], { readonly message: string; readonly remedy: string }>> = {
  flow: {
    message: "A list or mapping in brackets is not taken by the reference parser of Agent Skills",
    remedy: "Write it one item or key a line",
  },
  anchor: { message: "An anchor (&) is not taken by the reference parser of Agent Skills", remedy: "Leave it out" },
  alias: { message: "An alias (*) is not taken by the reference parser of Agent Skills", remedy: "Repeat the value" },
  tag: { message: "A tag (!) is not taken by the reference parser of Agent Skills", remedy: "Leave it out" },
  tab: { message: "A tab between parts is not taken by the reference parser of Agent Skills", remedy: "Use spaces" },
  directive: { message: "A directive (%) has no place in front matter", remedy: "Leave it out" },
};

// what YAML 1.2 calls printable, section 5.1
const UNPRINTABLE_REGEXP = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Checks how a SKILL.md is written. */
export function checkFrontMatter({ fileName, file, yaml, root }: SkillReading): Diagnostic[] {
  const findings = new Findings(fileName ?? "SKILL.md");
  if (file?.hasByteOrderMark === true) {
    const message = "The file begins with a byte order mark, which the reference parser does not take";
    findings.error({ rule: "byte-order-mark", message, remedy: "Save it as UTF-8 without one", line: 1 });
  }
  if (file !== undefined && yaml !== undefined) checkCharacters(file.text, findings);
  const seen = new Set<string>();
  for (const { kind, line } of yaml?.oddities ?? []) {
    if (seen.has(`${kind} ${line}`)) continue;
    seen.add(`${kind} ${line}`);
    findings.error({ rule: `yaml-${kind}`, ...ODDITIES[kind], line });
  }
  if (root !== undefined) checkKeys(root, findings);
  return findings.list;
}

/** Looks for control characters in the front matter, which YAML does not allow. */
function checkCharacters(text: string, findings: Findings): void {
  for (const [index, line] of text.split("\n").entries()) {
    if (index > 0 && line.startsWith("---") && line.trim() === "---") return;
    const found = UNPRINTABLE_REGEXP.exec(line)?.[0];
    if (found === undefined) continue;
    const message = `The control character ${inQuotes(found)} is not allowed in YAML`;
    findings.error({ rule: "yaml-control-character", message, remedy: "Leave it out", line: index + 1 });
  }
}

function checkKeys(root: YamlMap, findings: Findings): void {
  for (const [key, { line }] of root.entries) {
    if (STANDARD_KEYS.includes(key)) continue;
    const message = `${inQuotes(key)} is no field of Agent Skills${didYouMean(key, STANDARD_KEYS)}`;
    findings.error({ rule: "field-not-standard", message, remedy: placeForKey(key), line });
  }
  checkReserved(root, findings);
  const compatibility = root.entries.get("compatibility");
  if (compatibility === undefined) return;
  const { value, line } = compatibility;
  if (value.kind !== "scalar") {
    const message = "The compatibility note is no text";
    findings.error({ rule: "compatibility-type", message, remedy: "Write it as one text", line });
  } else if (value.text.trim() === "") {
    const message = "The compatibility note is empty";
    findings.warning({ rule: "compatibility-empty", message, remedy: "Leave it out", line });
  }
}

const RESERVED_PREFIX = "io.modelcontextprotocol/";

/** Looks for keys of `metadata` that the protocol keeps for itself. Source: SEP-2640. */
function checkReserved(root: YamlMap, findings: Findings): void {
  const metadata = root.entries.get("metadata")?.value;
  for (const [key, { line }] of metadata?.kind === "map" ? metadata.entries : []) {
    if (!key.startsWith(RESERVED_PREFIX)) continue;
    const message = `${inQuotes(key)} is a key that the Model Context Protocol keeps for itself`;
    findings.warning({ rule: "metadata-reserved", message, remedy: "Rename it", line });
  }
}
