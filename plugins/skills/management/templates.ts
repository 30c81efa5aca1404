/**
 * Templates of skills: the files that a new one begins with.
 *
 * @module
 */

/** What a skill is made of its template with. */
export interface TemplateValues {
  /** Letters, digits, `-`, `_` and `.` only, so that it needs no quotes anywhere. */
  readonly name: string;
  readonly description: string;
}

/** A file of a new skill. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
  /** Whether it is a program. */
  readonly isExecutable: boolean;
}

/** A template. */
export interface Template {
  readonly description: string;
  /** Writes the files beside SKILL.md, each by its path. */
  readonly files: Readonly<Record<string, (values: TemplateValues) => string>>;
}

/** Names of the templates, that which is used by default first. */
export const TEMPLATE_NAMES = ["basic", "python", "bash", "nodejs", "typescript"] as const;
/** Name of a template. */
export type TemplateName = typeof TEMPLATE_NAMES[number];

/** The templates. */
export const TEMPLATES: Readonly<Record<TemplateName, Template>> = {
  basic: { description: "Minimal skill with only SKILL.md", files: {} },
  python: { description: "Python skill with main script", files: { "main.py": writePython } },
  bash: { description: "Bash script skill", files: { "main.sh": writeBash } },
  nodejs: {
    description: "Node.js skill with main script and package.json",
    files: { "main.js": writeJavaScript, "package.json": writePackage },
  },
  typescript: {
    description: "TypeScript skill with main script, for Deno and for Node.js from 22.6 on",
    files: { "main.ts": writeTypeScript },
  },
};

const SKILL_FILE = "SKILL.md";
const SHEBANG = "#!";
/** What YAML reads as text without quotes: words that begin with a letter, of which it knows none. */
const PLAIN_REGEXP = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*$/i;
// what a text in quotes may not hold as it is: control characters, those that turn or hide text, line breaks of their own
const ESCAPED_REGEXP = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Lists the files that a template makes, SKILL.md first. */
export function filesOf(template: TemplateName): readonly string[] {
  return [SKILL_FILE, ...Object.keys(TEMPLATES[template].files)];
}

/** Writes the files of a new skill. */
export function writeFiles(template: TemplateName, values: TemplateValues): readonly TemplateFile[] {
  const written = Object.entries(TEMPLATES[template].files).map(([path, write]) => {
    const text = write(values);
    return { path, text, isExecutable: text.startsWith(SHEBANG) };
  });
  return [{ path: SKILL_FILE, text: writeSkill(values), isExecutable: false }, ...written];
}

function writeSkill({ name, description }: TemplateValues): string {
  return `---
name: ${yamlText(name)}
description: ${yamlText(description)}
---

# ${name}

${description}
`;
}

/** Writes a text as YAML reads it back, whatever it holds; where it can be without quotes, for people. */
function yamlText(text: string): string {
  if (PLAIN_REGEXP.test(text)) return text;
  // JSON's texts are texts of YAML
  return JSON.stringify(text.replace(/\p{Cs}/gu, "\ufffd")).replace(
    ESCAPED_REGEXP,
    (character) => `\\U${character.codePointAt(0)!.toString(16).padStart(8, "0")}`,
  );
}

function writePython({ name }: TemplateValues): string {
  return `#!/usr/bin/env python3
"""Main script of the skill ${name}."""


def main() -> None:
    print("Hello from ${name}!")


if __name__ == "__main__":
    main()
`;
}

function writeBash({ name }: TemplateValues): string {
  return `#!/usr/bin/env bash
# Main script of the skill ${name}
set -euo pipefail

echo "Hello from ${name}!"
`;
}

function writeJavaScript({ name }: TemplateValues): string {
  return `#!/usr/bin/env node
// Main script of the skill ${name}

console.log("Hello from ${name}!");
`;
}

function writePackage({ name, description }: TemplateValues): string {
  const content = {
    // npm knows no capital letters in names
    name: name.toLowerCase(),
    version: "1.0.0",
    description,
    main: "main.js",
    scripts: { start: "node main.js" },
    dependencies: {},
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function writeTypeScript({ name }: TemplateValues): string {
  return `#!/usr/bin/env node
// Main script of the skill ${name}

function greet(name: string): string {
  return \`Hello from \${name}!\`;
}

console.log(greet("${name}"));
`;
}
