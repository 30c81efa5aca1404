/**
 * A web API behind the program, with real clients over stdio and HTTP.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { ERAS, Machine, type Talk } from "../../skills/proof/kit.ts";
import { operation, SECRETS, startApi } from "./api_server.ts";

after(removeBundle);

const PATHS = {
  "/echo/{id}": {
    get: {
      operationId: "get.echo",
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer" } }],
      responses: {
        200: {
          description: "Done",
          content: {
            "application/json": {
              schema: { type: "object", required: ["path"], properties: { path: { type: "string" } } },
            },
          },
        },
      },
    },
  },
  "/header": { get: operation({ operationId: "header", security: [{ key: [] }] }) },
  "/image": { get: operation({ operationId: "image" }) },
  "/missing": { get: operation({ operationId: "missing" }) },
};

async function useAll(talk: Talk): Promise<void> {
  await until(async () => (await talk.tools()).includes("web_missing"), "the tools of the API");
  assert.ok(!(await talk.tools()).includes("import_openapi"));
  const { tools } = await talk.client.listTools();
  const listed = tools.find(({ name }) => name === "web_get_echo")!;
  assert.deepEqual(listed.inputSchema.required, ["id"]);
  assert.equal(listed.annotations?.readOnlyHint, true);
  assert.ok(listed.outputSchema !== undefined);
  assert.equal((await talk.data("web_get_echo", { id: 7 }))["path"], "/echo/7");
  assert.match(await talk.refused("web_get_echo", { id: "x" }), /id/);
  const secured = await talk.call("web_header");
  assert.equal(secured.isError, undefined);
  assert.ok(!JSON.stringify(secured).includes(SECRETS.API_KEY));
  assert.deepEqual((await talk.call("web_image")).content, [{ type: "image", data: "AQID", mimeType: "image/png" }]);
  assert.match(await talk.refused("web_missing"), /^HTTP 404 Not Found/);
}

describe("a web API", () => {
  test("is used through the program by clients over stdio and HTTP", async (t) => {
    await using api = await startApi();
    await using machine = await Machine.make();
    await machine.write("home/secrets.json", JSON.stringify(SECRETS), { mode: 0o600 });
    const securitySchemes = { key: { type: "apiKey", in: "header", name: "X-Api-Key" } };
    const document = api.document(PATHS, { components: { securitySchemes } });
    {
      await using talk = await machine.pipe({ answer: "trust" });
      const request = { name: "web", document, auth: { key: "${secret:API_KEY}" } };
      const { total_tools: total } = await talk.data("import_openapi", request);
      assert.equal(total, 4);
      assert.equal(talk.questions.length, 1, talk.questions.join("\n"));
    }
    const server = await machine.serve();
    await t.test("over stdio, 2025", async () => {
      await using talk = await machine.pipe({ era: "2025" });
      await useAll(talk);
    });
    for (const era of ERAS) {
      await t.test(`over HTTP, ${era}`, async () => {
        await using talk = await server.connect({ era });
        await useAll(talk);
      });
    }
  });
});
