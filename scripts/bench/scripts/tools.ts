/**
 * The script tools that are measured: each reads its request and answers `{"n": n + 1}`.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { findNode } from "../../lib/nodes.ts";
import { denoBinary } from "../runtimes.ts";
import type { TargetName } from "../targets.ts";

/** How a script tool is run: a process for each call, one that waited for it, or one that serves many. */
export const WAYS = ["spawned", "pooled", "persistent"] as const;

/** How a script tool is run. */
export type Way = (typeof WAYS)[number];

/** One script, in the form that is run once and in the form that serves. */
export interface ScriptTool {
  /** Such as `python`. */
  readonly name: string;
  readonly title: string;
  readonly interpreter: string;
  /** Reads a line and answers it, with nothing of ours. */
  readonly plain: string;
  /** The same by the module `collet_tool`; a script that is never persistent has none. */
  readonly serving?: string;
  /** Ending of the file of the form that serves, where it is not that of the language. */
  readonly servingExtension?: string;
  /** What being pooled has to gain; absent where it is for information alone. */
  readonly pooledTarget?: TargetName;
}

const PYTHON = "/usr/bin/python3";

const PYTHON_ANSWER = `request = json.loads(sys.stdin.readline())
result = {"n": request["params"]["arguments"]["n"] + 1}
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
`;
const PYTHON_MODULES =
  "import argparse, csv, datetime, hashlib, logging, re, subprocess, urllib.parse, urllib.request\n";
const PYTHON_RUN = `from collet_tool import run\nrun(lambda arguments: {"n": arguments["n"] + 1})\n`;
const JAVASCRIPT_RUN = `import { run } from "collet_tool";\nawait run(({ n }) => ({ n: n + 1 }));\n`;

const NODE_PLAIN = `const lines = require("node:readline").createInterface({ input: process.stdin });
lines.once("line", (line) => {
  const { id, params } = JSON.parse(line);
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { n: params.arguments.n + 1 } }));
  lines.close();
});
`;

const DENO_PLAIN = `let text = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  text += piece;
  if (text.endsWith("\\n")) break;
}
const { id, params } = JSON.parse(text);
console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { n: params.arguments.n + 1 } }));
`;

const SHELL_PLAIN = `read -r line
n=\${line#*'"n":'}
n=\${n%%[!0-9]*}
id=\${line#*'"id":'}
id=\${id%%,*}
printf '{"jsonrpc":"2.0","id":%s,"result":{"n":%d}}\\n' "$id" "$((n + 1))"
`;

/** A script that no pool knows: each call is a process of its own. */
export const COLD_TOOL: ScriptTool = { name: "shell", title: "sh", interpreter: "/bin/sh", plain: SHELL_PLAIN };

/** Lists the scripts whose interpreters are there, and says which are not. */
export async function findTools(): Promise<{ readonly tools: readonly ScriptTool[]; readonly missing: string[] }> {
  const node = await findNode("path");
  const python = {
    interpreter: PYTHON,
    pooledTarget: "pooled",
    isThere: existsSync(PYTHON),
  } as const;
  const all: readonly (ScriptTool & { readonly isThere: boolean })[] = [
    {
      ...python,
      name: "python",
      title: "Python",
      plain: `import json, sys\n${PYTHON_ANSWER}`,
      serving: PYTHON_RUN,
    },
    {
      ...python,
      name: "python_modules",
      title: "Python, with urllib.request and more",
      plain: `import json, sys\n${PYTHON_MODULES}${PYTHON_ANSWER}`,
      serving: `${PYTHON_MODULES}${PYTHON_RUN}`,
    },
    {
      name: "node",
      title: "Node",
      interpreter: "node",
      plain: NODE_PLAIN,
      serving: JAVASCRIPT_RUN,
      servingExtension: "mjs",
      pooledTarget: "pooled",
      isThere: !("missing" in node),
    },
    {
      name: "deno",
      title: "Deno",
      interpreter: `${denoBinary()} run -A`,
      plain: DENO_PLAIN,
      serving: JAVASCRIPT_RUN,
      pooledTarget: "pooledDeno",
      isThere: true,
    },
  ];
  return {
    tools: all.filter(({ isThere }) => isThere).map(({ isThere: _, ...tool }) => tool),
    missing: all.filter(({ isThere }) => !isThere).map(({ title }) => title),
  };
}

/** Gives the name under which a script is registered. */
export function toolName({ name }: ScriptTool, way: Way): string {
  return way === "persistent" ? `${name}_persistent` : `${name}_plain`;
}
