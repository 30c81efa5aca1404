/**
 * Skills in the number that is wanted, of the shapes that skills have: plain ones of the standard, and ones with the
 * metadata of dcc-mcp, nested or flat, some of them with tools in a file beside, written as those are that the package
 * dcc-mcp-core ships. The same numbers give the same files.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One skill. */
export interface BenchSkill {
  readonly name: string;
  /** By paths below its folder. */
  readonly files: Readonly<Record<string, string>>;
}

const APPS: readonly string[] = ["maya", "blender", "houdini", "photoshop", "unreal", "nuke", "substance", "python"];
const VERBS: readonly string[] =
  "import export convert merge split clean rename bake render preview validate repair resize align mirror copy group sort inspect compare publish archive"
    .split(" ");
const THINGS: readonly string[] =
  "geometry texture skeleton timeline camera light shader curve particle volume layer palette caption subtitle waveform playlist spreadsheet invoice calendar photograph scan map terrain vehicle character costume keyframe constraint material brush font icon banner storyboard playblast turntable cache proxy license manifest"
    .split(" ");
const REASONS: readonly string[] = [
  "before a shot is handed over to the next department",
  "when a client sends files that do not follow the naming of the project",
  "whenever someone asks for numbers that can be put into a report",
  "after the nightly run has failed and nobody knows which file was the cause",
  "so that others can open what came out of it without the original program",
];

/** Makes the skill of a number. */
export function makeSkill(number: number): BenchSkill {
  const app = APPS[number % APPS.length]!;
  const verb = VERBS[(number * 7 + Math.floor(number / THINGS.length)) % VERBS.length]!;
  const thing = THINGS[(number * 11 + Math.floor(number / 5)) % THINGS.length]!;
  const other = THINGS[(number * 13 + 5) % THINGS.length]!;
  const subject: Subject = { number, app, verb, thing, other, name: `${app}-${verb}-${thing}-${number}` };
  const shape = SHAPES[number % SHAPES.length]!;
  const { frontMatter, files } = shape(subject);
  const head = ["---", `name: ${subject.name}`, ...frontMatter, "---"];
  return { name: subject.name, files: { "SKILL.md": `${head.join("\n")}\n\n${bodyOf(subject)}`, ...files } };
}

/**
 * Writes skills, each in a folder of its name.
 *
 * @param folder Absolute path; it is made.
 * @param count How many.
 */
export async function writeSkills(folder: string, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await writeSkill(folder, makeSkill(number));
}

/**
 * Writes the `SKILL.md` of a number anew, with another description for each edit.
 *
 * @returns its path below the folder.
 */
export async function editSkill(folder: string, number: number, edit: number): Promise<string> {
  const { name, files } = makeSkill(number);
  const path = `${name}/SKILL.md`;
  const text = files["SKILL.md"]!.replace(/^(description: (?:>-\n +)?)/m, `$1Edit ${edit}. `);
  await writeFile(join(folder, path), text);
  return path;
}

async function writeSkill(folder: string, { name, files }: BenchSkill): Promise<void> {
  const inside = (path: string) => join(folder, name, ...path.split("/"));
  const folders = new Set(Object.keys(files).filter((path) => path.includes("/")).map((path) => path.split("/")[0]!));
  await mkdir(join(folder, name), { recursive: true });
  for (const path of folders) await mkdir(inside(path), { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(inside(path), text);
}

interface Subject {
  readonly number: number;
  readonly name: string;
  readonly app: string;
  readonly verb: string;
  readonly thing: string;
  readonly other: string;
}

interface Shape {
  /** Lines after the name. */
  readonly frontMatter: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const SHAPES: readonly ((subject: Subject) => Shape)[] = [plain, nested, withTools, flat];

function describe(subject: Subject): string {
  return linesOf(subject).join(" ");
}

function linesOf({ number, verb, thing, other }: Subject): readonly string[] {
  return [
    `${verb[0]!.toUpperCase()}${verb.slice(1)} a ${thing}, or what hangs on its ${other},`,
    `${REASONS[number % REASONS.length]}. Use when the user speaks of a`,
    `${thing} and ${other}s of number ${number}`,
  ];
}

function plain(subject: Subject): Shape {
  const { number, verb } = subject;
  return {
    frontMatter: [
      `description: ${describe(subject)}`,
      "license: MIT",
      "metadata:",
      "  author: studio-tools",
      `  version: "1.${number % 10}.0"`,
    ],
    files: { [`scripts/${verb}.py`]: script(subject) },
  };
}

function nested(subject: Subject): Shape {
  const { app, verb, thing, other, number } = subject;
  return {
    frontMatter: [
      "description: >-",
      ...linesOf(subject).map((line) => `  ${line}`),
      "license: MIT",
      "metadata:",
      "  dcc-mcp:",
      `    dcc: ${app}`,
      `    version: "2.${number % 7}.1"`,
      `    tags: "${thing}, ${other}, pipeline"`,
      `    search-hint: "${verb} ${thing}, ${other}, batch"`,
    ],
    files: { [`scripts/${verb}.py`]: script(subject), "scripts/report.py": script(subject) },
  };
}

function withTools(subject: Subject): Shape {
  const { app, verb, thing, other } = subject;
  return {
    frontMatter: [
      `description: ${describe(subject)}`,
      "license: MIT",
      "metadata:",
      "  dcc-mcp:",
      `    dcc: ${app}`,
      '    version: "1.0.0"',
      `    tags: [${thing}, ${verb}]`,
      `    search-hint: ${verb} ${thing} and ${other}`,
      "    tools: tools.yaml",
    ],
    files: {
      "tools.yaml": toolsOf(subject),
      [`scripts/${verb}.py`]: script(subject),
      "scripts/report.py": script(subject),
    },
  };
}

function flat(subject: Subject): Shape {
  const { app, verb, thing, number } = subject;
  return {
    frontMatter: [
      `description: ${describe(subject)}`,
      "license: MIT",
      "compatibility: Needs Python 3.9 or newer, and the program that it is for",
      "allowed-tools: Bash(git:*) Read Write",
      "metadata:",
      `  dcc-mcp.dcc: ${app}`,
      `  dcc-mcp.version: "1.${number % 10}.${number % 3}"`,
      `  dcc-mcp.tags: "${thing}, ${verb}"`,
    ],
    files: {
      [`scripts/${verb}.py`]: script(subject),
      "references/guide.md": `# Guide\n\nWhat a ${thing} is, and what it is not.\n`,
    },
  };
}

/** Writes schemas in lines of their own, as most are, and every other time one in braces. */
function toolsOf({ number, verb, thing, other }: Subject): string {
  const depth = number % 8 === 2
    ? "{type: integer, minimum: 0, maximum: 64}"
    : "\n          type: integer\n          default: 8\n          minimum: 0";
  return `tools:
  - name: ${verb}_${thing}
    description: "${verb} one ${thing}, and write the result beside it. Nothing else is touched."
    input_schema:
      type: object
      properties:
        path:
          type: string
          description: Path of the ${thing}
        mode:
          type: string
          enum: [all, ${thing}, ${other}]
          default: all
        depth: ${depth}
      required: [path]
    read_only: false
    idempotent: true
    source_file: scripts/${verb}.py

  - name: report
    description: "List what would be done to each ${thing}."
    input_schema:
      type: object
      properties:
        path:
          type: string
    read_only: true
    source_file: scripts/report.py
`;
}

function script({ name, verb }: Subject): string {
  return `"""${verb}, for the skill ${name}."""
import json
import sys


def main():
    arguments = json.load(sys.stdin)
    print(json.dumps({"success": True, "message": "done", "context": arguments}))


if __name__ == "__main__":
    main()
`;
}

function bodyOf({ verb, thing, other, number }: Subject): string {
  const steps = Array.from(
    { length: 6 + number % 5 },
    (_, i) => `${i + 1}. Look at the ${i % 2 === 0 ? thing : other}, and write down what is unusual about it.`,
  );
  return `# ${verb} ${thing}

Run \`scripts/${verb}.py\` with the path of the ${thing}. It writes its result beside the file, and prints what it did.

## Steps

${steps.join("\n")}

## Examples

\`\`\`sh
echo '{"path": "shots/${number}/${thing}.dat"}' | python scripts/${verb}.py
\`\`\`
`;
}

/** A query that is the name of a skill, which is to be found first. */
export const NAMED: string = makeSkill(40).name;

/** Queries: words that few or many skills have, a name, one that is misspelt, and a question. */
export const QUERIES: readonly string[] = [
  "turntable",
  "bake texture",
  "rename keyframes for a client",
  "maya skeleton repair",
  NAMED,
  "storybord",
  "which file made the nightly run fail",
];
