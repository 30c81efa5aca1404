/**
 * `validate`: what is wrong with a skill.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import { parseSkill } from "../format/parse.ts";
import { validateSkill } from "../format/validate.ts";
import { describeDiagnostic } from "../tools/texts.ts";
import { type Answer, type Request, requireName } from "./request.ts";
import type { SkillPlaces } from "./skill_places.ts";

/** Most findings of one kind that are told. */
const MOST_FINDINGS = 50;

/** What is always said in the same words. */
const WORDS: Readonly<Record<string, string>> = {
  "file-missing": "SKILL.md file is missing",
  "front-matter-missing": "SKILL.md has no YAML frontmatter",
  "description-missing": "SKILL.md missing description in frontmatter",
};

/** Checks a skill: what keeps it from being used is an error; what only keeps it from being published is none. */
export async function checkSkill(request: Request, { places }: { readonly places: SkillPlaces }): Promise<Answer> {
  const asked = requireName(request);
  const { name, path, folder } = await places.find(asked);
  const { metadata, diagnostics } = await parseSkill(folder);
  const lenient = new Map(diagnostics.map(({ rule, severity }) => [rule, severity]));
  // what only the strict check knows keeps no skill from being used that was read
  const otherwise = metadata === undefined ? "error" : "warning";
  const { issues } = await validateSkill(folder);
  const told = issues.filter(({ severity }) => severity !== "info");
  const isError = ({ severity, rule }: Diagnostic) =>
    severity === "error" && (lenient.get(rule) ?? otherwise) === "error";
  const errors = told.filter(isError);
  const warnings = told.filter((issue) => !isError(issue));
  const isValid = errors.length === 0;
  const text = [
    `Validation for skill '${asked}':`,
    `Status: ${isValid ? "✓ Valid" : "✗ Invalid"}`,
    "",
    ...(errors.length === 0 ? [] : ["Errors:", ...lines(errors)]),
    ...(warnings.length === 0 ? [] : ["", "Warnings:", ...lines(warnings)]),
    ...(isValid ? ["", "Skill is valid and ready to use."] : []),
  ].join("\n");
  const data = { name, path, is_valid: isValid, errors: errors.map(toJson), warnings: warnings.map(toJson) };
  return { text, data };
}

function lines(findings: readonly Diagnostic[]): string[] {
  const shown = findings.slice(0, MOST_FINDINGS).map((it) => `  - ${describe(it)}`);
  return findings.length > MOST_FINDINGS ? [...shown, `  - and ${findings.length - MOST_FINDINGS} more`] : shown;
}

function describe(finding: Diagnostic): string {
  const words = WORDS[finding.rule];
  return words === undefined ? describeDiagnostic(finding) : `${words}${finding.remedy ? `. ${finding.remedy}` : ""}`;
}

function toJson({ severity, file, line, rule, message, remedy }: Diagnostic): JsonObject {
  return {
    ...{ severity, file, rule, message },
    ...(line !== undefined && { line }),
    ...(remedy !== undefined && { remedy }),
  };
}
