/**
 * The tool `register_script`.
 *
 * @module
 */
import * as v from "valibot";
import { type Log, type PluginContext, toolResult } from "../../kernel/mod.ts";
import type { SavedTool, ToolLibrary } from "../library/contract.ts";
import type { Machine } from "./interpreter.ts";
import { type PreparedScript, prepareScript, Registration } from "./registration.ts";

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
    input: Registration,
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
