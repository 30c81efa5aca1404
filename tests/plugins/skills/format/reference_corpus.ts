/**
 * Skills, and what the reference validator of Agent Skills (`skills-ref` 0.1.1) says of them.
 *
 * @module
 */
import type { SkillTree } from "./kit.ts";

/** One skill of the corpus. */
export interface CorpusCase {
  readonly title: string;
  /** Name of its folder. */
  readonly folder: string;
  readonly files: SkillTree;
  /** What the reference validator says. */
  readonly isValid: boolean;
  /** Why we say the opposite, where we do. */
  readonly differs?: string;
}

const HEAD = "name: my-skill\ndescription: A test skill";

interface CaseOptions {
  readonly folder?: string;
  readonly differs?: string;
}

function skill(
  title: string,
  isValid: boolean,
  fields: string,
  { folder = "my-skill", differs }: CaseOptions = {},
): CorpusCase {
  const files = { "SKILL.md": `---\n${fields}\n---\n# Body\n` };
  return { title, folder, files, isValid, ...(differs !== undefined && { differs }) };
}

function raw(
  title: string,
  isValid: boolean,
  files: SkillTree,
  { folder = "my-skill", differs }: CaseOptions = {},
): CorpusCase {
  return { title, folder, files, isValid, ...(differs !== undefined && { differs }) };
}

function named(title: string, isValid: boolean, name: string, folder = name): CorpusCase {
  return skill(title, isValid, `name: ${name}\ndescription: A test skill`, { folder });
}

const bytes = (text: string, ...more: number[]) => new Uint8Array([...new TextEncoder().encode(text), ...more]);

/** All cases. */
export const CORPUS: readonly CorpusCase[] = [
  skill("the smallest skill", true, HEAD),
  skill(
    "all fields",
    true,
    `${HEAD}\nlicense: MIT\ncompatibility: Needs git\nallowed-tools: Bash(git:*) Read\nmetadata:\n  author: Ada\n  version: 1.0`,
  ),
  named("digits", true, "pdf-2-text"),
  named("one letter", true, "a"),
  named("64 letters", true, "a".repeat(64)),
  named("65 letters", false, "a".repeat(65)),
  named("upper case", false, "MySkill"),
  named("a hyphen first", false, "-my-skill"),
  named("a hyphen last", false, "my-skill-"),
  named("two hyphens", false, "my--skill"),
  named("an underscore", false, "my_skill"),
  named("a space", false, "my skill"),
  named("a dot", false, "my.skill"),
  named("a slash", false, "my/skill", "my-skill"),
  named("another folder", false, "my-skill", "other"),
  named("Chinese", true, "技能"),
  named("Russian", true, "мой-навык"),
  named("Russian in upper case", false, "НАВЫК"),
  named("Hindi with vowel signs", false, "कौशल"),
  named("Arabic digits", true, "skill-٣"),
  named("a superscript", true, "skill²", "skill2"),
  named("a ligature, composed otherwise in the folder", true, "ﬁle", "file"),
  named("a letter and its accent", true, "cafe\u0301", "caf\u00e9"),
  named("an emoji", false, "skill🎬"),
  named("a Roman numeral", true, "part-ⅻ", "part-xii"),
  named("a number", true, "123"),
  named("a truth value", true, "true"),
  skill("a name in quotes, with space", true, "name: ' my-skill '\ndescription: x"),
  skill("an empty name", false, "name: ''\ndescription: x"),
  skill("no value for the name", false, "name:\ndescription: x"),
  skill("a list as the name", false, "name:\n  - my-skill\ndescription: x"),
  skill("no name", false, "description: x"),
  skill("no description", false, "name: my-skill"),
  skill("an empty description", false, "name: my-skill\ndescription: ''"),
  skill("a blank description", false, "name: my-skill\ndescription: '  '"),
  skill("a description of 1024 characters", true, `name: my-skill\ndescription: ${"é".repeat(1024)}`),
  skill("a description of 1025 characters", false, `name: my-skill\ndescription: ${"é".repeat(1025)}`),
  skill("a description of 1024 characters beyond 16 bits", true, `name: my-skill\ndescription: ${"🎬".repeat(1024)}`),
  skill("a folded description", true, "name: my-skill\ndescription: >-\n  Two\n  lines"),
  skill("a literal description", true, "name: my-skill\ndescription: |\n  Two: one\n  lines # all"),
  skill("a description over two lines", true, "name: my-skill\ndescription: Two\n  lines"),
  skill("a description with a colon", false, "name: my-skill\ndescription: Use when: asked"),
  skill("a description with a colon, in quotes", true, 'name: my-skill\ndescription: "Use when: asked"'),
  skill("a mapping as the description", false, "name: my-skill\ndescription:\n  a: b"),
  skill("a compatibility note of 500 characters", true, `${HEAD}\ncompatibility: ${"c".repeat(500)}`),
  skill("a compatibility note of 501 characters", false, `${HEAD}\ncompatibility: ${"c".repeat(501)}`),
  skill("an empty compatibility note", true, `${HEAD}\ncompatibility: ''`),
  skill("a list as the compatibility note", false, `${HEAD}\ncompatibility:\n  - git`),
  skill("a list of allowed tools", true, `${HEAD}\nallowed-tools:\n  - Read`),
  skill("a text as metadata", true, `${HEAD}\nmetadata: x`),
  skill("nested metadata", true, `${HEAD}\nmetadata:\n  dcc-mcp:\n    dcc: maya\n    tags:\n      - a`),
  skill("a mapping as the license", true, `${HEAD}\nlicense:\n  name: MIT`),
  skill("an unknown field", false, `${HEAD}\nauthor: Ada`),
  skill("a field of Claude Code", false, `${HEAD}\nargument-hint: file`),
  skill("a field of OpenClaw", false, `${HEAD}\nversion: 1.0.0`),
  skill("tools at the top", false, `${HEAD}\ntools:\n  - name: a`),
  skill("allowed_tools", false, `${HEAD}\nallowed_tools: Read`),
  skill("a list in brackets", false, `${HEAD}\nallowed-tools: [Read]`),
  skill("a mapping in braces", false, `${HEAD}\nmetadata: {a: b}`),
  skill("an anchor", false, `${HEAD}\nlicense: &a MIT`),
  skill("a tag", false, `${HEAD}\nlicense: !!str MIT`),
  skill("a key twice", false, `${HEAD}\nname: my-skill`),
  skill("a nested key twice", false, `${HEAD}\nmetadata:\n  a: b\n  a: c`),
  skill("a tab within a value", false, `${HEAD}\nlicense: a\tb`),
  skill("a tab within quotes", true, `${HEAD}\nlicense: 'a\tb'`),
  skill("a control character", false, `${HEAD}\nlicense: a\u0007b`),
  skill("a comment", true, `# note\n${HEAD} # note\n\nlicense: MIT`),
  skill("deeper and shallower lines", false, `${HEAD}\nmetadata:\n    a: b\n  c: d`),
  skill("no mapping", false, "- name: my-skill"),
  skill("nothing between the lines", false, ""),
  raw("no front matter", false, { "SKILL.md": "# My skill\n" }),
  raw("front matter without an end", false, { "SKILL.md": `---\n${HEAD}\n` }),
  raw("an empty line first", false, { "SKILL.md": `\n---\n${HEAD}\n---\n` }),
  raw("lines that end with CRLF", true, { "SKILL.md": `---\n${HEAD}\n---\n# Body\n`.replaceAll("\n", "\r\n") }),
  raw("a byte order mark", false, { "SKILL.md": `\ufeff---\n${HEAD}\n---\n` }),
  raw("bytes that are no UTF-8", false, { "SKILL.md": bytes(`---\n${HEAD}`, 0xff, 0x0a, 0x2d, 0x2d, 0x2d, 0x0a) }),
  raw("skill.md", true, { "skill.md": `---\n${HEAD}\n---\n` }),
  raw("SKILL.md and a wrong skill.md", true, { "SKILL.md": `---\n${HEAD}\n---\n`, "skill.md": "x" }),
  raw("no file", false, { "README.md": "x" }),
  raw("spaces after ---", true, { "SKILL.md": `---  \n${HEAD}\n---  \n` }),
  skill("--- within quotes", false, 'name: my-skill\ndescription: "a --- b"', {
    differs: "only a line that is --- ends the front matter",
  }),
  raw("a longer line of hyphens as the end", true, { "SKILL.md": `---\n${HEAD}\n-----\n` }, {
    differs: "only a line that is --- ends the front matter",
  }),
  skill("null as the description", true, "name: my-skill\ndescription: null", {
    differs: "YAML says that there is none",
  }),
  skill("a merge key", true, `${HEAD}\n<<:\n  license: MIT`, { differs: "nothing is merged" }),
];
