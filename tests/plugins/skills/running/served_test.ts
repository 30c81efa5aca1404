/**
 * Tools of skills over real connections, with everything that ships: as a SKILL.md and its sidecar declare them.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { type TemporaryHome, temporaryHome } from "../../library/kit.ts";
import { ERAS, type GrantingServer, startGranting } from "../../scripts/granting.ts";

const FILES: Readonly<Record<string, string>> = {
  "SKILL.md": `---
name: sea-tools
description: Measures the sea. Use it for tides.
allowed-tools: list_tools Bash(tide:*)
metadata:
  dcc-mcp:
    tools: tools.yaml
---
# Sea tools
`,
  "tools.yaml": `tools:
  - name: high-tide
    description: Tells the next high tide
    source_file: scripts/high_tide.sh
    input_schema:
      type: object
      properties: { port: { type: string } }
      required: [port]
    output_schema:
      type: object
      properties: { success: { type: boolean }, metres: { type: number } }
      required: [success]
    annotations: { title: High tide, read_only_hint: true }
    next-tools: { on-success: [low_tide], on-failure: [search_tools] }
  - name: low_tide
    source_file: scripts/low_tide.sh
    timeout_hint_secs: 20
`,
  "scripts/high_tide.sh": `[ "$2" = Brest ] || { echo "no port $2" >&2; exit 2; }
cat > /dev/null; echo "measuring"; echo '{"success":true,"metres":7.1}'`,
  "scripts/low_tide.sh": 'echo \'{"success":true,"metres":1.2}\'',
};

describe("tools of skills that are served", { timeout: 120_000 }, () => {
  let home: TemporaryHome;
  let server: GrantingServer;
  before(async () => {
    home = await temporaryHome();
    const paths = [join(home.path, "mine")];
    for (const [path, text] of Object.entries(FILES)) {
      const file = join(home.path, "mine", "sea-tools", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const skills = { paths, default_paths: false, watch: false, load: ["sea-tools"] };
    server = await startGranting({ home: home.path, config: { skills } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  for (const era of ERAS) {
    test(`are listed and called as they are declared (${era})`, async () => {
      const { client, call, wire } = await server.connect({ era });
      const { tools } = await client.listTools();
      const tool = tools.find(({ name }) => name === "sea_tools__high_tide");
      assert.equal(tool?.description, "Tells the next high tide");
      // the SDK's client leaves out hints that it does not know
      const listed = wire.map((line) => JSON.parse(line).result?.tools).find((it) => it !== undefined);
      const { annotations } = listed.find(({ name }: { readonly name: string }) => name === "sea_tools__high_tide");
      assert.deepEqual(annotations, { title: "High tide", readOnlyHint: true, deferredHint: false });
      assert.deepEqual(tool?._meta, { dcc: { skill: "sea-tools" } });
      assert.deepEqual(tool?.inputSchema.required, ["port"]);
      const low = tools.find(({ name }) => name === "sea_tools__low_tide");
      assert.equal(low?.description, "[sea-tools] Measures the sea. Use it for tides.");
      assert.deepEqual(low?._meta, { dcc: { skill: "sea-tools", timeoutHintSecs: 20, deferred_hint: true } });

      const brest = await call("sea_tools__high_tide", { port: "Brest" });
      assert.deepEqual(brest.structuredContent, { success: true, metres: 7.1 });
      assert.deepEqual((brest._meta as JsonObject)["dcc.next_tools"], { on_success: ["sea_tools__low_tide"] });
      const lille = await call("sea_tools__high_tide", { port: "Lille" });
      assert.equal(lille.isError, true);
      assert.match(JSON.stringify(lille.content), /ended with exit code 2.*no port Lille/);
      assert.deepEqual((lille._meta as JsonObject)["dcc.next_tools"], { on_failure: ["search_tools"] });
      assert.match(JSON.stringify(await call("sea_tools__high_tide", { port: 1 })), /expected string/);
    });
  }

  test("go on as jobs when they are asked to", async () => {
    const { call } = await server.connect();
    const begun = await call("sea_tools__low_tide", {}, { meta: { dcc: { async: true } } });
    const { job_id: id } = begun.structuredContent as { readonly job_id: string };
    let job: JsonObject;
    do job = (await call("jobs_get_status", { job_id: id })).structuredContent as JsonObject; while (
      job["status"] === "running" || job["status"] === "pending"
    );
    assert.deepEqual([job["status"], job["result"]], ["completed", { success: true, metres: 1.2 }]);
  });
});
