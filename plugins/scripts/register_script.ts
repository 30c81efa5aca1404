/**
 * The tool `register_script`.
 *
 * @module
 */
import * as v from "valibot";
import { type Log, type PluginContext, rankCompletions, toolResult } from "../../kernel/mod.ts";
import { described, type SavedTool, TOOL_PARAMETERS, type ToolLibrary } from "../library/contract.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import { COMMON_INTERPRETERS } from "./languages.ts";
import { type PreparedScript, prepareScript, type RegistrationOptions } from "./registration.ts";

const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

const Texts = v.array(v.string());

const Input = v.strictObject({
  ...TOOL_PARAMETERS,
  code: described(v.string(), "The whole script"),
  interpreter: v.optional(described(
    v.string(),
    "Command that runs it: python3, node, deno run -A, bash, ruby, npx tsx or another; by default the first line of " +
      "the code names one (#!/usr/bin/env python3)",
  )),
  extension: v.optional(
    described(v.string(), "Of the file, such as mjs; by default that of the language"),
  ),
  overwrite: v.optional(described(v.boolean(), "Replace a tool of that name; the version before is kept"), false),
  dependencies: v.optional(
    described(
      Texts,
      "Packages to install: python (requests>=2.31), node (lodash@4), deno (npm:chalk@5) or ruby (rainbow:3.1); " +
        "Python may declare them in the code (PEP 723)",
    ),
    [],
  ),
  requires_services: v.optional(
    described(
      Texts,
      "Services that it needs, as the tool services has them: a call starts those that are stopped, and has NAME_HOST, " +
        "NAME_PORT and NAME_URL of each in its environment",
    ),
    [],
  ),
  timeout_ms: v.optional(described(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_TIMEOUT_MS)),
    "Ends a call; 300000 by default",
  )),
  grants: v.optional(described(
    v.record(v.string(), v.unknown()),
    'What it needs beyond its code: {"network": ["host:port"], "read": [path], "write": [path], "env": ["NAME"], ' +
      '"secrets": ["NAME"], "memory_mb": 2048, "cpu_seconds": 60, "processes": 10}; the user may be asked',
  )),
  protocol: v.optional(described(
    v.picklist([1, 2]),
    '2: failed requests are answered with JSON-RPC errors, and a result {"content": […]} is MCP content',
  )),
  persistent: v.optional(described(
    v.boolean(),
    "One process serves many calls in turn: it reads a request, answers it by its id, and reads the next",
  )),
});

/** What the tool needs. */
export interface RegisterContext extends RegistrationOptions {
  readonly tool: PluginContext["tool"];
  readonly log: Log;
  readonly library: ToolLibrary;
  readonly sandbox: Sandbox;
}

const DESCRIPTION = `Make a tool of a script. It is a tool of its own at once, for every client, and after a restart.

The script reads one line of JSON from stdin (readline: stdin stays open): {"jsonrpc":"2.0","method":"execute","id":1,\
"params":{"arguments":{…},"context":{…}}}. It answers with one line, flushed: {"jsonrpc":"2.0","id":1,"result":…} or {…,\
"error":{"code":1,"message":"…"}}. An object as result is structured content. A script may also simply print: then its \
whole output is the result as text.

While it runs it may report progress, log, call tools, and ask the user or the model: see collet://protocol. The module \
collet_tool does all this in Python, JavaScript, Ruby and Bash, with nothing to install: see collet://examples.

Example: {"name": "add", "description": "Add two numbers", "interpreter": "python3", "input_schema": {"type": \
"object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}, "code": \
"import json, sys\\nrequest = json.loads(sys.stdin.readline())\\na = request['params']['arguments']\\nprint(json.dumps(\
{'jsonrpc': '2.0', 'id': request['id'], 'result': {'sum': a['a'] + a['b']}}), flush=True)"}`;

const CONFINED =
  "It sees the programs of this machine and its own folder, has a private HOME and /tmp, and no network or " +
  "files beyond what it is granted.";
const SANDBOXES: ReadonlyMap<string, string> = new Map([
  ["off", "none. It runs with the rights of this server, in a private working folder and a minimal environment."],
  ["unavailable", "one is installed and does not work, so nothing is started; collet://sandbox says why."],
]);

/** Registers the tool. */
export function registerRegisterScript({ tool, log, library, sandbox, ...options }: RegisterContext): void {
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
      dependencies: v.optional(Texts),
      sandbox: v.string(),
    }),
    annotations: { title: "Register a script", readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    complete: (argument, value) => argument === "interpreter" ? rankCompletions(value, COMMON_INTERPRETERS) : [],
    run: async (given, call) => {
      const script = await prepareScript(given, options);
      const { overwrite, verify } = given;
      const saved = await library.save(script.manifest, script.files, { overwrite, verify, call });
      const sandboxName = await sandbox.mechanism().catch(() => "unavailable") ?? "off";
      const { name, version, entry_file: entryFile = "" } = saved.manifest;
      log.info(`Tool "${name}" ${version} was registered`);
      return toolResult({
        content: [{ type: "text", text: answerText(saved, { ...script, verify, sandboxName }) }],
        structuredContent: {
          name,
          version,
          ...(saved.replaced !== undefined && { replaced: saved.replaced }),
          interpreter: script.command,
          path: saved.path,
          entry_file: entryFile,
          ...(script.packages.length > 0 && { dependencies: script.packages }),
          sandbox: sandboxName,
        },
      });
    },
  });
}

function answerText(
  { manifest, path, replaced }: SavedTool,
  { command, packages, missingServices, verify, sandboxName }: Omit<PreparedScript, "manifest" | "files"> & {
    readonly verify: boolean;
    readonly sandboxName: string;
  },
): string {
  const {
    name,
    version,
    examples = [],
    requires_services: services = [],
    grants: { timeout_ms: _timeout, ...asked } = {},
  } = manifest;
  const done = replaced === undefined
    ? `Registered script tool "${name}" ${version}.`
    : `Updated script tool "${name}" to ${version}; version ${replaced} is kept.`;
  const more = [
    ...(packages.length > 0 ? [`\n- Packages: ${packages.join(", ")}; installed`] : []),
    ...(services.length > 0 ? [`\n- Services: ${services.join(", ")}; started when it is called`] : []),
    ...(missingServices.length > 0
      ? [`\n- Not defined yet: ${missingServices.join(", ")}; define them with the tool \`services\` first`]
      : []),
    ...(Object.keys(asked).length > 0
      ? [
        `\n- Asks for: ${
          JSON.stringify(asked)
        }; what exceeds the server's limits the user is asked about when it is called`,
      ]
      : []),
    ...(verify ? [`\n- Verified: ${examples.length} of ${examples.length} examples passed`] : []),
  ];
  return `${done}

- Interpreter: ${command}
- Folder: ${path}${more.join("")}
- Sandbox: ${SANDBOXES.get(sandboxName) ?? `${sandboxName}. ${CONFINED}`}

Call it as \`${name}\`, or with \`call_tool\`: \`{"tool_name": "${name}", "arguments": {…}}\`.`;
}
