/**
 * The tool `build_tool`.
 *
 * @module
 */
import * as v from "valibot";
import { Lazy, type PluginContext, rankCompletions, toolResult } from "../../kernel/mod.ts";
import { described, TOOL_PARAMETERS } from "../library/contract.ts";
import { LANGUAGES } from "./build/compiler.ts";
import type { BuildingOptions } from "./building.ts";

const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;
/** What WebAssembly of 32 bits can address. */
const MOST_MEMORY_MB = 4_096;

const Texts = v.array(v.string());

const Input = v.strictObject({
  ...TOOL_PARAMETERS,
  code: described(
    v.string(),
    "The whole program, its main file; for `wasm` a finished module as Base64, or the path of one on this machine",
  ),
  language: v.optional(described(v.picklist(LANGUAGES), "Recognised from the code by default, else rust")),
  files: v.optional(described(
    v.record(v.string(), v.string()),
    'More files, by path beside the main one: {"util.rs": "…"} for `mod util;`, {"util.ts": "…"} for "./util.ts"',
  )),
  dependencies: v.optional(
    described(
      Texts,
      "Packages: crates (serde, serde@1, serde@1[derive,rc]), npm packages (lodash-es@4, @scope/name), Go modules " +
        "(github.com/google/uuid@v1.6.0)",
    ),
    [],
  ),
  overwrite: v.optional(
    described(v.boolean(), "Replace a tool of that name; the version before is kept, and the same again is no new one"),
    false,
  ),
  grants: v.optional(described(
    v.record(v.string(), v.unknown()),
    'What it needs beyond its code: {"read": [path], "write": [path], "env": ["NAME"], "secrets": ["NAME"], ' +
      '"memory_mb": 256, "timeout_ms": 60000}; the user is asked about what exceeds the limits of the server',
  )),
  timeout_ms: v.optional(described(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_TIMEOUT_MS)),
    "Ends a call; short for that of `grants`",
  )),
  memory_mb: v.optional(described(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_MEMORY_MB)),
    "Most memory of a call, in MiB; short for that of `grants`",
  )),
  protocol: v.optional(described(
    v.picklist([1, 2]),
    "The program reads the execute line of the script protocol from stdin, as scripts do, in place of the bare " +
      "arguments; 2 answers requests that fail with JSON-RPC errors",
  )),
});

const Said = v.object({
  severity: v.string(),
  message: v.string(),
  file: v.optional(v.string()),
  line: v.optional(v.number()),
  column: v.optional(v.number()),
  code: v.optional(v.string()),
});

// all of it optional, since a build that failed has other data than one that succeeded
const Output = v.object({
  name: v.optional(v.string()),
  version: v.optional(v.string()),
  replaced: v.optional(v.string()),
  unchanged: v.optional(v.boolean()),
  language: v.optional(v.string()),
  compiler: v.optional(v.string()),
  target: v.optional(v.string()),
  kind: v.optional(v.picklist(["module", "bundle", "component"])),
  size: v.optional(v.number()),
  digest: v.optional(v.string()),
  cached: v.optional(v.boolean()),
  path: v.optional(v.string()),
  entry_file: v.optional(v.string()),
  dependencies: v.optional(Texts),
  warnings: v.optional(v.array(Said)),
  total_warnings: v.optional(v.number()),
  diagnostics: v.optional(described(v.array(Said), "What the compiler said of a source that does not compile")),
  total_diagnostics: v.optional(v.number()),
  missing: v.optional(described(v.string(), "Why there is no compiler")),
  commands: v.optional(described(Texts, "What installs it")),
  available: v.optional(described(Texts, "Languages that can be built")),
});

const DESCRIPTION = `Build a tool from source code and run it as WebAssembly, confined: no network, no files beyond \
what it is granted, bounded memory and time. It is a tool of its own at once, for every client, and after a restart.

typescript and javascript default-export a function, (input, ctx) => value, which may be async; what it throws is the \
message of a failed call; ctx has log, progress, memory, callTool and files. All other languages are whole programs with a \
main function (WASI): they read their arguments as JSON from stdin, to its end, or as the first argument, and print the \
result; a JSON object on stdout is structured content, other text is text. An exit code other than 0 is a failed call, \
told by stderr.

A program that does not compile is answered with what the compiler says, file by line; a compiler that is not \
installed, with what installs it and what can be built here now.

Example: {"name": "add", "description": "Add two numbers", "input_schema": {"type": "object", "properties": {"a": \
{"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}, "code": "export default ({ a, b }: { a: number; \
b: number }) => ({ sum: a + b });"}`;

/** What the tool needs. */
export interface BuildToolContext extends BuildingOptions {
  readonly tool: PluginContext["tool"];
}

/** Registers the tool. */
export function registerBuildTool({ tool, ...options }: BuildToolContext): void {
  // most servers start and build nothing
  const building = new Lazy(async () => {
    const [{ Building }, answers] = await Promise.all([import("./building.ts"), import("./answer.ts")]);
    return { ...answers, building: new Building(options) };
  });
  tool({
    name: "build_tool",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Build a tool", readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    complete: (argument, value) => argument === "language" ? rankCompletions(value, LANGUAGES) : [],
    run: async (given, call) => {
      const { building: own, answerText, dataOf } = await building.get();
      const answer = await own.run(given, call);
      return toolResult({
        content: [{ type: "text", text: answerText(answer) }],
        structuredContent: dataOf(answer),
      });
    },
  });
}
