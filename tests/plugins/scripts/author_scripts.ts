/**
 * One script in each language that has a module for authors; all of them do the same.
 *
 * @module
 */

/** A script, and what runs it. */
export interface AuthorScript {
  readonly language: string;
  readonly interpreter: string;
  readonly extension?: string;
  readonly code: string;
}

/**
 * Uses every function once, and gives what came of it. The tools `double` and `refuse`, the resource `note://a` and the
 * template `note://{name}`, and the prompt `greet` have to be there.
 */
const PYTHON = String.raw`
from collet_tool import *
from collet_tool import ToolFailure
import os, subprocess

def refused(action, *args):
    try:
        return action(*args)
    except HostError as error:
        return str(error)

@tool
def main(arguments):
    print('{"jsonrpc":"2.0","id":1,"result":"printed"}')
    subprocess.run(["echo", '{"jsonrpc":"2.0","id":1,"result":"echoed"}'])
    log("warning", "a log", {"é": [1, "\u2028"]})
    progress(1, 2, "half")
    progress(2)
    stream("a")
    memory.set("a", {"n": 1, "t": "é\n\"\\"})
    memory.set("b", None, ttl=60)
    memory.bulk_set({"c": 3, "d": "4"}, ttl=60)
    return {
        "arguments": arguments == context.arguments and arguments["text"],
        "context": [context.tool_name, context.roots, sorted(context.capabilities), context.progress_token, context.working_directory == os.getcwd()],
        "memory": [
            memory.get("a"), memory.get("none"), memory.list("a"), memory.update("a", {"n": None, "m": 2}),
            memory.increment("n"), memory.increment("n", 5), [entry["key"] for entry in memory.entries()],
            memory.bulk_get(["c", "d", "none"]), memory.bulk_delete(["c", "none"]), memory.delete("d"), memory.delete("d"),
        ],
        "asked": elicit("Name?", {"type": "object", "properties": {"name": {"type": "string"}}}),
        "opened": elicit_url("Look", "https://example.com/"),
        "sampled": sample("Hi", 10, system_prompt="Be brief")["content"]["text"],
        "called": call_tool("double", {"n": 21})["n"],
        "refused": refused(call_tool, "refuse"),
        "unknown": refused(request, "no/such"),
        "tools": [t["name"] for t in list_tools() if t["name"] in ("double", "refuse")],
        "resources": [[r["uri"] for r in list_resources()], [r["uriTemplate"] for r in list_resource_templates()]],
        "read": read_resource("note://a")[0]["text"],
        "prompts": [p["name"] for p in list_prompts() if p["name"] == "greet"],
        "rendered": get_prompt("greet", {"name": "Ada"})["messages"][0]["content"]["text"],
        "completed": complete({"type": "ref/prompt", "name": "greet"}, "name", "a"),
        "roots": [root["uri"] for root in list_roots()],
        "cancelled": cancelled(),
    }
`;

const JAVASCRIPT_BODY = String.raw`
async function refused(promise) {
  return await promise.catch((error) => error instanceof HostError ? error.message : "another error");
}

run(async (args, given) => {
  console.log('{"jsonrpc":"2.0","id":1,"result":"printed"}');
  process.stdout.write('{"jsonrpc":"2.0","id":1,"result":"written"}\n');
  log("warning", "a log", { "é": [1, "\u2028"] });
  progress(1, 2, "half");
  progress(2);
  stream("a");
  await memory.set("a", { n: 1, t: "é\n\"\\" });
  await memory.set("b", null, { ttl: 60 });
  await memory.bulkSet({ c: 3, d: "4" }, { ttl: 60 });
  const keys = [];
  const memories = [
    await memory.get("a"), await memory.get("none") ?? null, await memory.list("a"), await memory.update("a", { n: null, m: 2 }),
    await memory.increment("n"), await memory.increment("n", 5), keys,
  ];
  for await (const { key } of memory.entries()) keys.push(key);
  memories.push(
    await memory.bulkGet(["c", "d", "none"]), await memory.bulkDelete(["c", "none"]), await memory.delete("d"), await memory.delete("d"),
  );
  const [called, read] = await Promise.all([callTool("double", { n: 21 }), readResource("note://a")]);
  return {
    arguments: args === context.arguments && given === context && args.text,
    context: [context.toolName, context.roots, Object.keys(context.capabilities).sort(), context.progressToken ?? null, context.workingDirectory === process.cwd()],
    memory: memories,
    asked: await elicit("Name?", { type: "object", properties: { name: { type: "string" } } }),
    opened: await elicitUrl("Look", "https://example.com/"),
    sampled: (await sample("Hi", 10, { systemPrompt: "Be brief" })).content.text,
    called: called.n,
    refused: await refused(callTool("refuse")),
    unknown: await refused(request("no/such")),
    tools: (await listTools()).map((it) => it.name).filter((name) => ["double", "refuse"].includes(name)),
    resources: [(await listResources()).map((it) => it.uri), (await listResourceTemplates()).map((it) => it.uriTemplate)],
    read: read[0].text,
    prompts: (await listPrompts()).map((it) => it.name).filter((name) => name === "greet"),
    rendered: (await getPrompt("greet", { name: "Ada" })).messages[0].content.text,
    completed: await complete({ type: "ref/prompt", name: "greet" }, "name", "a"),
    roots: (await listRoots()).map((it) => it.uri),
    cancelled: signal.aborted,
  };
});
`;

const NAMES = "callTool, complete, context, elicit, elicitUrl, getPrompt, HostError, listPrompts, listResources, " +
  "listResourceTemplates, listRoots, listTools, log, memory, progress, readResource, request, run, sample, signal, stream";

const RUBY = String.raw`
require "collet_tool"

def refused
  yield
rescue ColletTool::HostError => e
  e.message
end

ColletTool.run do |arguments|
  tool = ColletTool
  memory = tool.memory
  puts '{"jsonrpc":"2.0","id":1,"result":"printed"}'
  system("echo", '{"jsonrpc":"2.0","id":1,"result":"echoed"}')
  tool.log("warning", "a log", { "é" => [1, "\u2028"] })
  tool.progress(1, 2, "half")
  tool.progress(2)
  tool.stream("a")
  memory.set("a", { "n" => 1, "t" => "é\n\"\\" })
  memory.set("b", nil, ttl: 60)
  memory.bulk_set({ "c" => 3, "d" => "4" }, ttl: 60)
  context = tool.context
  {
    "arguments" => arguments.equal?(context.arguments) && arguments["text"],
    "context" => [context.tool_name, context.roots, context.capabilities.keys.sort, context.progress_token, context.working_directory == Dir.pwd],
    "memory" => [
      memory.get("a"), memory.get("none"), memory.list("a"), memory.update("a", { "n" => nil, "m" => 2 }),
      memory.increment("n"), memory.increment("n", 5), memory.entries.map { |entry| entry["key"] },
      memory.bulk_get(%w[c d none]), memory.bulk_delete(%w[c none]), memory.delete("d"), memory.delete("d")
    ],
    "asked" => tool.elicit("Name?", { "type" => "object", "properties" => { "name" => { "type" => "string" } } }),
    "opened" => tool.elicit_url("Look", "https://example.com/"),
    "sampled" => tool.sample("Hi", 10, system_prompt: "Be brief")["content"]["text"],
    "called" => tool.call_tool("double", { "n" => 21 })["n"],
    "refused" => refused { tool.call_tool("refuse") },
    "unknown" => refused { tool.request("no/such") },
    "tools" => tool.list_tools.map { |it| it["name"] } & %w[double refuse],
    "resources" => [tool.list_resources.map { |it| it["uri"] }, tool.list_resource_templates.map { |it| it["uriTemplate"] }],
    "read" => tool.read_resource("note://a")[0]["text"],
    "prompts" => tool.list_prompts.map { |it| it["name"] } & %w[greet],
    "rendered" => tool.get_prompt("greet", { "name" => "Ada" })["messages"][0]["content"]["text"],
    "completed" => tool.complete({ "type" => "ref/prompt", "name" => "greet" }, "name", "a"),
    "roots" => tool.list_roots.map { |it| it["uri"] },
    "cancelled" => tool.cancelled?
  }
end
`;

const SHELL = String.raw`
. collet_tool.sh

pick() { # JSON MEMBER [WORD…]: the members of a list's objects that are among words, or all, as a list
  local json="$1" member="$2" item name names="" word
  shift 2
  while IFS= read -r item; do
    name=$(collet_raw "$item" "$member") || continue
    if [ $# -eq 0 ]; then names="$names,$name"; fi
    for word in "$@"; do if [ "$name" = "\"$word\"" ]; then names="$names,$name"; fi; done
  done <<END
$(collet_each "$json")
END
  printf '[%s]' "\${names#,}"
}

main() {
  local one two found text keys here=false
  printf '%s\n' '{"jsonrpc":"2.0","id":1,"result":"printed"}' >&2
  collet_log warning "a log" '{"é":[1,"\u2028"]}'
  collet_progress 1 2 half
  collet_progress 2
  collet_stream a
  collet_memory set a '{"n":1,"t":"é\n\"\\"}'
  collet_memory set b null 60
  collet_memory bulk_set '{"c":3,"d":"4"}' 60
  [ "$(collet_context working_directory)" != "$PWD" ] || here=true
  keys=$(collet_keys "$(collet_context capabilities)" | sort)
  one=$(collet_memory get a)
  two=$(collet_memory get none) || two=null
  one="$one,$two,$(collet_memory list a),$(collet_memory update a '{"n":null,"m":2}')"
  one="$one,$(collet_memory increment n),$(collet_memory increment n 5)"
  one="$one,$(pick "$(collet_raw "$(collet_memory entries)" entries)" key),$(collet_memory bulk_get c d none)"
  one="$one,$(collet_memory bulk_delete c none)"
  if collet_memory delete d; then one="$one,true"; fi
  if ! collet_memory delete d; then one="$one,false"; fi
  refused=$(collet_call_tool refuse 2>&1) || true
  unknown=$(collet_request no/such 2>&1) || true
  collet_object "arguments=$(collet_argument text)" \
    "context:=[$(collet_quote "$(collet_context tool_name)"),$(collet_context roots),$(collet_list $keys),null,$here]" \
    "memory:=[$one]" \
    "asked:=$(collet_elicit 'Name?' '{"type":"object","properties":{"name":{"type":"string"}}}')" \
    "opened:=$(collet_elicit_url Look https://example.com/)" \
    "sampled=$(collet_get "$(collet_sample Hi 10 'systemPrompt=Be brief')" content text)" \
    "called:=$(collet_get "$(collet_call_tool double '{"n":21}')" n)" \
    "refused=\${refused#tools/call: }" "unknown=\${unknown#no/such: }" \
    "tools:=$(pick "$(collet_list_tools)" name double refuse)" \
    "resources:=[$(pick "$(collet_list_resources)" uri),$(pick "$(collet_list_resource_templates)" uriTemplate)]" \
    "read=$(collet_get "$(collet_read_resource note://a)" 0 text)" \
    "prompts:=$(pick "$(collet_list_prompts)" name greet)" \
    "rendered=$(collet_get "$(collet_get_prompt greet '{"name":"Ada"}')" messages 0 content text)" \
    "completed:=$(collet_complete '{"type":"ref/prompt","name":"greet"}' name a)" \
    "roots:=$(pick "$(collet_list_roots)" uri)" "cancelled:=false"
}
collet_run --json main
`.replaceAll("\\${", "${");

/** Scripts that use every function. */
export const EVERYTHING: readonly AuthorScript[] = [
  { language: "Python", interpreter: "python3", code: PYTHON },
  {
    language: "JavaScript",
    interpreter: "node",
    extension: "mjs",
    code: `import { ${NAMES} } from "collet_tool";\n${JAVASCRIPT_BODY}`,
  },
  {
    language: "CommonJS",
    interpreter: "node",
    code: `const { ${NAMES} } = require("collet_tool");\n${JAVASCRIPT_BODY}`,
  },
  { language: "Deno", interpreter: "deno", code: `import { ${NAMES} } from "collet_tool";\n${JAVASCRIPT_BODY}` },
  { language: "Ruby", interpreter: "ruby", code: RUBY },
  { language: "Bash", interpreter: "bash", code: SHELL },
  { language: "sh", interpreter: "sh", code: SHELL },
];
