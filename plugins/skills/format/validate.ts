/**
 * Checks a skill strictly, as for publishing: by the rules of Agent Skills as its reference validator has them, and by
 * those of dcc-mcp for tools. What loads with a warning may be an error here.
 *
 * @module
 */
import type { Folder } from "../../../kernel/mod.ts";
import { checkDeclarations } from "./declaration_checks.ts";
import { type Diagnostic, Findings } from "./diagnostics.ts";
import { checkFrontMatter } from "./front_matter_checks.ts";
import { findPublishingObstacle } from "./publishing.ts";
import { readSkill, type SkillReading } from "./read_skill.ts";

/** What {@linkcode validateSkill} found. */
export interface SkillValidationReport {
  /** Absolute path of the skill. */
  readonly skillDir: string;
  /** Sorted by file and line. */
  readonly issues: readonly Diagnostic[];
  readonly hasErrors: boolean;
  /** Whether there are neither errors nor warnings. */
  readonly isClean: boolean;
}

/** Rules that loading only warns of. */
const ERRORS_WHEN_STRICT: ReadonlySet<string> = new Set([
  ...["name-missing", "name-mismatch", "name-unusable", "name-too-long", "name-upper-case"],
  ...["name-hyphen-edge", "name-hyphen-double", "name-characters"],
  ...["description-missing", "description-too-long", "compatibility-too-long"],
  ...["encoding", "yaml-mended"],
]);

/** Rules that {@linkcode checkFrontMatter} has a stricter one for. */
const REPLACED: ReadonlySet<string> = new Set(["field-unknown"]);

/**
 * Checks a skill.
 *
 * @param folder Opened at the skill.
 * @throws {Error} when the folder itself cannot be listed.
 *
 * @example Check a skill that lacks a description
 * ```ts
 * import { memoryFiles } from "collet/testing";
 * import { validateSkill } from "./validate.ts";
 *
 * const files = memoryFiles({ "hello/SKILL.md": "---\nname: hello\n---\n# Hello\n" });
 * const { hasErrors, issues } = await validateSkill(files.at("hello"));
 * if (!hasErrors || issues[0]?.rule !== "description-missing") throw new Error("unexpected");
 * ```
 */
export async function validateSkill(folder: Folder): Promise<SkillValidationReport> {
  const reading = await readSkill(folder);
  const loading = reading.diagnostics.filter(({ rule }) => !REPLACED.has(rule)).map(sharpen);
  const found = [...loading, ...checkFrontMatter(reading), ...await checkDeclarations(reading)];
  if (!found.some(isError)) found.push(...checkPublishing(reading, found));
  const issues = found.sort((a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0));
  return {
    skillDir: folder.path,
    issues,
    hasErrors: issues.some(isError),
    isClean: issues.every(({ severity }) => severity === "info"),
  };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

/** Tells what keeps a skill without errors from being published; it works all the same, so that this is no warning. */
function checkPublishing({ fileName, metadata }: SkillReading, found: readonly Diagnostic[]): Diagnostic[] {
  const obstacle = metadata && findPublishingObstacle(metadata);
  if (metadata === undefined || obstacle === undefined) return [];
  const { key, message, remedy } = obstacle;
  const line = metadata.lines[key];
  // another rule has said what is wrong there
  if (line !== undefined && found.some((it) => it.line === line)) return [];
  const findings = new Findings(fileName ?? "SKILL.md");
  findings.info({ rule: "not-publishable", message, remedy, line });
  return findings.list;
}

function sharpen(diagnostic: Diagnostic): Diagnostic {
  return ERRORS_WHEN_STRICT.has(diagnostic.rule) ? { ...diagnostic, severity: "error" } : diagnostic;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
