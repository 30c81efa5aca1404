/**
 * Example tools, one a language, with the modules for authors that scripts find without installing them: each is shown
 * in `collet://examples` and run by a test as it stands.
 *
 * @module
 */

/** A script tool that can be registered as it is. */
export interface Example {
  readonly language: string;
  readonly name: string;
  readonly description: string;
  readonly interpreter: string;
  readonly extension: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly code: string;
  /** Arguments of a call that the example answers with `result`. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: unknown;
}

const TEXT_INPUT = {
  type: "object",
  properties: { text: { type: "string", description: "The text to look at" } },
  required: ["text"],
};

/** A tool that is built, and can be built as it is. */
export type BuiltExample = Omit<Example, "interpreter" | "extension"> & { readonly fence: string };

/** The examples, in the order in which they are shown. */
export const EXAMPLES: readonly Example[] = [
  {
    language: "Python",
    name: "count_words",
    description: "Count the words of a text",
    interpreter: "python3",
    extension: "py",
    inputSchema: TEXT_INPUT,
    code: `from collet_tool import run


def main(arguments):
    text = arguments["text"]
    return {"words": len(text.split()), "characters": len(text)}


run(main)
`,
    args: { text: "to be or not to be" },
    result: { words: 6, characters: 18 },
  },
  {
    language: "JavaScript (Node)",
    name: "slugify",
    description: "Make a text fit for a URL",
    interpreter: "node",
    extension: "mjs",
    inputSchema: TEXT_INPUT,
    code: `import { run } from "collet_tool";

await run(({ text }) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, ""));
`,
    args: { text: "Tools, made at run time!" },
    result: "tools-made-at-run-time",
  },
  {
    language: "TypeScript (Deno)",
    name: "sum",
    description: "Add numbers, and report each one",
    interpreter: "deno",
    extension: "ts",
    inputSchema: {
      type: "object",
      properties: { numbers: { type: "array", items: { type: "number" } } },
      required: ["numbers"],
    },
    code: `import { progress, run } from "collet_tool";

await run(({ numbers }: { numbers: number[] }) => {
  let sum = 0;
  numbers.forEach((number, i) => {
    sum += number;
    progress(i + 1, numbers.length);
  });
  return { sum };
});
`,
    args: { numbers: [1, 2, 3] },
    result: { sum: 6 },
  },
  {
    language: "Bash",
    name: "line_count",
    description: "Count the lines of a text",
    interpreter: "bash",
    extension: "sh",
    inputSchema: TEXT_INPUT,
    code: `source collet_tool.sh

main() {
  collet_argument text | grep -c ''
}

collet_run main
`,
    args: { text: "one\ntwo\nthree" },
    result: "3",
  },
  {
    language: "Ruby",
    name: "reverse_words",
    description: "Reverse the order of words",
    interpreter: "ruby",
    extension: "rb",
    inputSchema: TEXT_INPUT,
    code: `require "collet_tool"

ColletTool.run do |arguments|
  arguments["text"].split.reverse.join(" ")
end
`,
    args: { text: "grip any tool" },
    result: "tool any grip",
  },
];

/** The examples of tools that are built to WebAssembly, where they can be; in the order in which they are shown. */
export const BUILT_EXAMPLES: readonly BuiltExample[] = [
  {
    language: "typescript",
    fence: "ts",
    name: "statistics",
    description: "Tell mean and median of some numbers",
    inputSchema: {
      type: "object",
      properties: { numbers: { type: "array", items: { type: "number" }, minItems: 1 } },
      required: ["numbers"],
    },
    code: `export default function run({ numbers }: { numbers: number[] }) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { mean: numbers.reduce((sum, it) => sum + it, 0) / numbers.length, median };
}
`,
    args: { numbers: [9, 1, 2] },
    result: { mean: 4, median: 2 },
  },
  {
    language: "rust",
    fence: "rust",
    name: "longest_word",
    description: "Find the longest word of a text",
    inputSchema: TEXT_INPUT,
    code: `use collet_tool::{input, json};

fn main() {
    let text = json::text(&input(), "text").unwrap_or_default();
    let longest = text.split_whitespace().max_by_key(|word| word.chars().count());
    println!("{{\\"word\\":{}}}", json::quote(longest.unwrap_or("")));
}
`,
    args: { text: "grip any tool firmly" },
    result: { word: "firmly" },
  },
];
