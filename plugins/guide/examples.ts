/**
 * Example tools, one a language: each is shown in `collet://examples` and run by a test as it stands.
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

/** The examples, in the order in which they are shown. */
export const EXAMPLES: readonly Example[] = [
  {
    language: "Python",
    name: "count_words",
    description: "Count the words of a text",
    interpreter: "python3",
    extension: "py",
    inputSchema: TEXT_INPUT,
    code: `import json, sys

request = json.loads(sys.stdin.readline())
text = request["params"]["arguments"]["text"]
result = {"words": len(text.split()), "characters": len(text)}
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
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
    code: `import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const { id, params } = JSON.parse(line);
  const slug = params.arguments.text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: slug }));
  break;
}
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
    code: `const buffer = new Uint8Array(65536);
const length = await Deno.stdin.read(buffer) ?? 0;
const request = JSON.parse(new TextDecoder().decode(buffer.subarray(0, length)));
const numbers: number[] = request.params.arguments.numbers;

const send = (message: unknown) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message as object }));
let sum = 0;
numbers.forEach((number, i) => {
  sum += number;
  send({ method: "progress", params: { current: i + 1, total: numbers.length } });
});
send({ id: request.id, result: { sum } });
`,
    args: { numbers: [1, 2, 3] },
    result: { sum: 6 },
  },
  {
    language: "Bash",
    name: "line_count",
    description: "Count the lines of a text; plain output is the result",
    interpreter: "bash",
    extension: "sh",
    inputSchema: TEXT_INPUT,
    code: `read -r request
text=$(printf '%s' "$request" | sed -E 's/.*"text": *"(([^"\\\\]|\\\\.)*)".*/\\1/')
printf '%b\\n' "$text" | wc -l | tr -d ' '
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
    code: `require "json"

request = JSON.parse($stdin.readline)
text = request["params"]["arguments"]["text"]
puts JSON.generate(jsonrpc: "2.0", id: request["id"], result: text.split.reverse.join(" "))
$stdout.flush
`,
    args: { text: "grip any tool" },
    result: "tool any grip",
  },
];
