/** Scripts of skills that use the modules for authors, by run_skill_script, real clients and whatever sandbox is here. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { type PythonKit, startPython } from "./python/kit.ts";

/** One script of each language: prints, logs, reports progress and calls a tool. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "a.py": `
from collet_tool import call_tool, log, progress
import sys
print("printed", sys.argv[1:])
log("warning", "logged a.py")
progress(1, 2, "step of a.py")
print("called", call_tool("list_skills")["total"])`,
  "a.mjs": `
import { callTool, log, progress } from "collet_tool";
console.log("printed", process.argv.slice(2));
log("warning", "logged a.mjs");
progress(1, 2, "step of a.mjs");
console.log("called", (await callTool("list_skills")).total);`,
  "a.cjs": `
const { callTool, log, progress } = require("collet_tool");
console.log("printed", process.argv.slice(2));
log("warning", "logged a.cjs");
progress(1, 2, "step of a.cjs");
callTool("list_skills").then(({ total }) => console.log("called", total));`,
  "a.ts": `
import { callTool, log, progress } from "collet_tool";
const words: string[] = ["one"];
console.log("printed", words);
log("warning", "logged a.ts");
progress(1, 2, "step of a.ts");
console.log("called", (await callTool("list_skills")).total);`,
  "a.rb": `
require "collet_tool"
puts "printed #{ARGV.inspect}"
ColletTool.log("warning", "logged a.rb")
ColletTool.progress(1, 2, "step of a.rb")
puts "called #{ColletTool.call_tool("list_skills")["total"]}"`,
  "a.sh": `
. collet_tool.sh
echo "printed $*"
collet_log warning "logged a.sh"
collet_progress 1 2 "step of a.sh"
echo "called $(collet_get "$(collet_call_tool list_skills)" total)"`,
};
const SKILL_MD = "---\nname: talker\ndescription: Talks for a test\nallowed-tools: list_skills\n---\n# talker\n";

describe("a script of a skill that uses collet_tool", { timeout: 120_000 }, () => {
  let kit: PythonKit;
  before(async () => {
    kit = await startPython({ talker: { "SKILL.md": SKILL_MD, ...SCRIPTS } });
  });
  after(() => kit[Symbol.asyncDispose]());

  for (const path of Object.keys(SCRIPTS)) {
    test(`prints, logs, reports progress and calls tools in ${path}`, async (t) => {
      const progress: unknown[] = [];
      const result = await kit.user.call("run_skill_script", {
        skill_name: "talker",
        script_path: path,
        args: ["one"],
      }, { onprogress: (it) => progress.push(it.message) });
      if (/Cannot find interpreter/.test(textOf(result))) return t.skip(textOf(result));
      assert.match(
        textOf(result),
        new RegExp(`^Script: talker/${path}\nExit code: 0\n\nSTDOUT:\nprinted [^\n]*one[^\n]*\ncalled 1\n\n$`),
      );
      assert.ok(progress.includes(`step of ${path}`), String(progress));
      assert.match(kit.user.wire.join("\n"), new RegExp(`"level":"warning"[^\n]*logged ${path}`));
    });
  }
});
