/**
 * The tool `register_script`.
 *
 * @module
 */
import * as v from "valibot";
import { type Log, type PluginContext, rankCompletions, toolResult } from "../../kernel/mod.ts";
import type { SavedTool, ToolLibrary } from "../library/contract.ts";
import type { Machine } from "./interpreter.ts";
import { COMMON_INTERPRETERS } from "./languages.ts";
import { type PreparedScript, prepareScript } from "./registration.ts";

const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

const JsonSchema = v.record(v.string(), v.unknown());
const Texts = v.array(v.string());

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

const Input = v.strictObject({
  name: described(v.string(), "1 to 64 of A-Z a-z 0-9 _ -"),
  description: described(v.string(), "What the tool does and when to use it"),
  code: described(v.string(), "The whole script"),
  interpreter: v.optional(described(
    v.string(),
    "Command that runs the script, without a shell: python3, node, deno run -A, bash, ruby, npx tsx or another; " +
      "without it the first line of the code names one (#!/usr/bin/env python3)",
  )),
  extension: v.optional(
    described(v.string(), "Of the script's file, such as mjs; by default that of the language"),
  ),
  input_schema: v.optional(described(JsonSchema, "JSON Schema of the arguments; its root is an object")),
  output_schema: v.optional(described(JsonSchema, "JSON Schema of the result, which is then checked")),
  annotations: v.optional(described(
    v.strictObject({
      title: v.optional(v.string()),
      readOnlyHint: v.optional(v.boolean()),
      destructiveHint: v.optional(v.boolean()),
      idempotentHint: v.optional(v.boolean()),
      openWorldHint: v.optional(v.boolean()),
    }),
    "Hints for clients",
  )),
  overwrite: v.optional(described(v.boolean(), "Replace a tool of that name; the version before is kept"), false),
  dependencies: v.optional(described(Texts, "Packages to install; not supported by this version"), []),
  requires_services: v.optional(described(Texts, "Services that must run; not supported by this version"), []),
  timeout_ms: v.optional(described(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_TIMEOUT_MS)),
    "Ends a call; 300000 by default",
  )),
  tags: v.optional(described(Texts, "Words to find it by")),
  examples: v.optional(described(
    v.array(v.strictObject({
      description: v.optional(v.string()),
      arguments: v.record(v.string(), v.unknown()),
      result: v.optional(v.unknown()),
    })),
    "Calls that show how the tool is used",
  )),
  protocol: v.optional(described(
    v.picklist([1, 2]),
    "Of scripts. 2: requests that fail are answered with JSON-RPC errors, and a result " +
      '{"content": […]} of MCP content is the answer itself',
  )),
});

/** What the tool needs. */
export interface RegisterContext {
  readonly tool: PluginContext["tool"];
  readonly log: Log;
  readonly library: ToolLibrary;
  readonly machine: Machine;
}

const DESCRIPTION = `Make a tool of a script. It is a tool of its own at once, for every client, and after a restart.

The script reads one line of JSON from stdin: {"jsonrpc":"2.0","method":"execute","id":1,"params":{"arguments":{…},\
"context":{…}}}. It answers with one line, flushed: {"jsonrpc":"2.0","id":1,"result":…} or {…,"error":{"code":1,\
"message":"…"}}. An object as result is structured content. A script may also simply print: then its whole output is \
the result as text. Read a line (readline), not to the end of stdin, which stays open.

While it runs it may send {"jsonrpc":"2.0","method":"progress","params":{"current":1,"total":3}}, "log" {level, \
message}, "stream" {data}, and with an id, whose reply comes as a line, "tools/call" {name, arguments}, \
"elicitation/create" and "sampling/createMessage".

Example: {"name": "add", "description": "Add two numbers", "interpreter": "python3", "input_schema": {"type": \
"object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}, "code": \
"import json, sys\\nrequest = json.loads(sys.stdin.readline())\\na = request['params']['arguments']\\nprint(json.dumps(\
{'jsonrpc': '2.0', 'id': request['id'], 'result': {'sum': a['a'] + a['b']}}), flush=True)"}`;

/** Registers the tool. */
export function registerRegisterScript({ tool, log, library, machine }: RegisterContext): void {
  tool({
    name: "register_script",
    description: DESCRIPTION,
    input: Input,
    output: v.object({
      name: v.string(),
      version: v.string(),
      replaced: v.optional(v.string()),
      interpreter: v.string(),
      path: v.string(),
      entry_file: v.string(),
      sandbox: v.string(),
    }),
    annotations: { title: "Register a script", readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    complete: (argument, value) => argument === "interpreter" ? rankCompletions(value, COMMON_INTERPRETERS) : [],
    run: async (given, call) => {
      const script = await prepareScript(given, machine);
      const saved = await library.save(script.manifest, script.files, { overwrite: given.overwrite, call });
      const { name, version, entry_file: entryFile = "" } = saved.manifest;
      log.info(`Tool "${name}" ${version} was registered`);
      return toolResult({
        content: [{ type: "text", text: answerText(saved, script) }],
        structuredContent: {
          name,
          version,
          ...(saved.replaced !== undefined && { replaced: saved.replaced }),
          interpreter: script.command,
          path: saved.path,
          entry_file: entryFile,
          sandbox: "off",
        },
      });
    },
  });
}

function answerText({ manifest, path, replaced }: SavedTool, { command }: PreparedScript): string {
  const { name, version } = manifest;
  const done = replaced === undefined
    ? `Registered script tool "${name}" ${version}.`
    : `Updated script tool "${name}" to ${version}; version ${replaced} is kept.`;
  return `${done}

- Interpreter: ${command}
- Folder: ${path}
- Sandbox: none. It runs with the rights of this server, in a private working folder and a minimal environment.

Call it as \`${name}\`, or with \`call_tool\`: \`{"tool_name": "${name}", "arguments": {…}}\`.`;
}
