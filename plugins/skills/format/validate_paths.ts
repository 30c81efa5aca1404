/**
 * Checks all skills in some folders, and writes what is wrong with them for people and programs.
 *
 * @module
 */
import type { Folder, JsonObject } from "../../../kernel/mod.ts";
import { type Walk, walkSkills } from "../discovery/walk.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { inQuotes, visible } from "./quoting.ts";
import { type SkillValidationReport, validateSkill } from "./validate.ts";

/** A folder to look for skills in: one itself, or a folder of them. */
export interface FolderToValidate {
  /** How it is called in the report. */
  readonly path: string;
  readonly folder: Folder;
}

/** What is wrong with one skill. */
export interface ValidatedSkill extends SkillValidationReport {
  /** Its folder, beginning with the path of the folder that it was found in. */
  readonly path: string;
}

/** What is wrong with all of them. */
export interface ValidationReport {
  readonly skills: readonly ValidatedSkill[];
  /** How many errors there are. */
  readonly errors: number;
  /** How many warnings there are. */
  readonly warnings: number;
}

/**
 * Checks skills. A folder that is none and holds none is checked as one, which says that its SKILL.md is missing.
 *
 * @param open Opens the folder that a link leads to.
 */
export async function validatePaths(
  folders: readonly FolderToValidate[],
  open: (absolutePath: string) => Folder,
): Promise<ValidationReport> {
  const skills: ValidatedSkill[] = [];
  for (const { path, folder } of folders) {
    const found: string[] = [];
    const walk = await walkSkills(folder, { open, onSkills: (met) => void found.push(...met.map((it) => it.path)) });
    for (const below of found.length === 0 ? ["."] : found.sort()) {
      skills.push({ ...await validateSkill(folder.at(below)), path: below === "." ? path : `${path}/${below}` });
    }
    skills.push(...unchecked(walk).map((it) => ({ ...it, path: `${path}/${it.path}`, skillDir: folder.path })));
  }
  const count = (wanted: string) =>
    skills.reduce((sum, { issues }) => sum + issues.filter(({ severity }) => severity === wanted).length, 0);
  return { skills, errors: count("error"), warnings: count("warning") };
}

/** Gives a report for each place below a folder that could not be looked into, and may hold skills. */
function unchecked({ unreadable, links, end }: Walk): Omit<ValidatedSkill, "skillDir">[] {
  const report = (path: string, issue: Omit<Diagnostic, "file">) => ({
    path,
    issues: [{ ...issue, file: "." }],
    hasErrors: issue.severity === "error",
    isClean: false,
  });
  const message = "There are too many folders; from here on none was looked into";
  return [
    ...[...unreadable].map(([path, why]) =>
      report(path, { severity: "error", rule: "folder-unreadable", message: why })
    ),
    ...(end === undefined ? [] : [report(end, { severity: "error", rule: "folders-too-many", message })]),
    ...links.filter((link) => link.outside !== undefined).map(({ path, outside }) =>
      report(path, {
        severity: "warning",
        rule: "link-outside",
        message: `It leads to ${inQuotes(outside!)}, which was not checked`,
        remedy: "Check that folder by its own path",
      })
    ),
  ];
}

/** Writes a report as lines: `path:line: severity rule: message (remedy)`, and how many there are. */
export function formatReport({ skills, errors, warnings }: ValidationReport): string[] {
  const lines = skills.flatMap(({ path, issues }) => issues.map((issue) => formatIssue(path, issue)));
  const sum = `${plural(skills.length, "skill")}: ${plural(errors, "error")}, ${plural(warnings, "warning")}`;
  return [...lines, sum];
}

function formatIssue(path: string, { severity, file, line, rule, message, remedy }: Diagnostic): string {
  const place = (file === "." ? path : `${path}/${file}`) + (line === undefined ? "" : `:${line}`);
  return visible(`${place}: ${severity} ${rule}: ${message}${remedy === undefined ? "" : ` (${remedy})`}`);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Gives a report as JSON. */
export function reportToJson({ skills, errors, warnings }: ValidationReport): JsonObject {
  return {
    skills: skills.map(({ path, skillDir, issues, hasErrors, isClean }) => ({
      path,
      skill_dir: skillDir,
      has_errors: hasErrors,
      is_clean: isClean,
      issues,
    })),
    errors,
    warnings,
  };
}
