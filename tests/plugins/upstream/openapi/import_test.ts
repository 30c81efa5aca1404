import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { answering, startUpstream } from "../tools/kit.ts";
import { type ApiServer, operation, SECRETS, startApi } from "./api_server.ts";

const PATHS = {
  "/echo/pets": {
    get: operation({ operationId: "listPets", tags: ["read"], summary: "Lists", description: "Lists *all* pets" }),
    post: operation({ operationId: "pets.create", tags: ["write"], summary: "Creates" }),
  },
  "/echo/pets/{id}": {
    parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
    get: operation(),
    put: operation({ operationId: "pets create", tags: ["write"] }),
    delete: operation({ operationId: "remove", tags: ["write", "hard"] }),
  },
};

describe("import_openapi", () => {
  let api: ApiServer;
  before(async () => api = await startApi());
  after(() => api[Symbol.asyncDispose]());

  test("makes each operation a tool, with names, texts and hints, and keeps it over a restart", async () => {
    await using home = await temporaryHome();
    const url = api.serve("/pets.json", JSON.stringify(api.document(PATHS)));
    const questions: string[] = [];
    {
      await using kit = await startUpstream(home.path);
      const refused = await kit.refused("import_openapi", { name: "pets", url });
      assert.ok(refused.includes(`"plugins": {"upstream": {"allow": ["${api.url}"]}}`), refused);
      const imported = await kit.data("import_openapi", { name: "pets", url }, answering("trust", questions));
      assert.ok(questions[0]!.includes(`address: ${api.url}`), questions[0]);
      assert.deepEqual(imported.tools, [
        "pets_listPets",
        "pets_pets_create",
        "pets_get_echo_pets_id",
        "pets_put_echo_pets_id",
        "pets_remove",
      ]);
      assert.deepEqual([imported.title, imported.api_version, imported.servers], ["Test API", "4.5.6", [api.url]]);
      assert.match(
        imported.warnings.join("\n"),
        /PUT \/echo\/pets\/\{id\} is named "put_echo_pets_id", since POST .* is "pets_create" already/,
      );
      const tools = new Map(kit.kernel.tools.entries().map(({ key, definition }) => [key, definition]));
      const { title, description, annotations } = tools.get("pets_listPets")!;
      assert.deepEqual([title, description], ["Lists", "Lists *all* pets"]);
      assert.deepEqual(annotations, { readOnlyHint: true, openWorldHint: true });
      assert.deepEqual(tools.get("pets_remove")!.annotations, {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: true,
        openWorldHint: true,
      });
      assert.match(await kit.refused("import_openapi", { name: "again", url }, answering("trust")), /"pets" has /);
    }
    await using kit = await startUpstream(home.path);
    await until(() => kit.tools("pets_").length === 5, "the tools to be listed");
    assert.equal((await kit.data("pets_get_echo_pets_id", { id: "7" })).path, "/echo/pets/7");
    assert.deepEqual((await kit.data("mcp_servers", { action: "status", name: "pets" })).server.state, "ready");
    await kit.data("delete_tool", { tool_name: "pets" });
    assert.deepEqual(kit.tools("pets"), []);
  });

  test("offers what is selected, at another address when asked to", async () => {
    await using home = await temporaryHome();
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const names = async (filter: JsonObject) => {
      const document = api.document(PATHS);
      const answer = await kit.data("import_openapi", { name: "p", document, overwrite: true, ...filter });
      return answer.tools.map((it: string) => it.slice(2));
    };
    assert.deepEqual(await names({ tags: ["write"], exclude_tags: ["hard"] }), ["pets_create", "put_echo_pets_id"]);
    assert.deepEqual(await names({ methods: ["get"] }), ["listPets", "get_echo_pets_id"]);
    assert.deepEqual(await names({ paths: ["/echo/pets"] }), ["listPets", "pets_create"]);
    assert.deepEqual(await names({ exclude_paths: ["*{id}"], exclude: ["list*"] }), ["pets_create"]);
    assert.deepEqual(await names({ include: ["remove"], rename: { remove: "drop" } }), ["drop"]);
    assert.deepEqual(await names({ include: ["listPets"], base_url: `${api.url}/echo/v2/` }), ["listPets"]);
    assert.equal((await kit.data("p_listPets")).path, "/echo/v2/echo/pets");
    assert.match(
      await kit.refused("import_openapi", { name: "q", document: api.document(PATHS), tags: ["no"] }),
      /no operation/,
    );
  });

  test("reads YAML, files that may be read, and what a document refers to at its own origin", async () => {
    await using home = await temporaryHome();
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const yaml = `
openapi: 3.0.3
info: { title: Pets, version: 1.0.0 }
servers: [{ url: "/echo/{stage}", variables: { stage: { default: beta } } }]
paths:
  /a: { $ref: "parts/paths.yaml#/a" }
  /b: { get: { responses: { 200: { $ref: "${api.elsewhere}/x.yaml#/y" } } } }
`;
    api.serve(
      "/parts/paths.yaml",
      `
a:
  get:
    parameters: [{ $ref: "#/shared/id" }]
    responses: { 200: { description: done } }
shared:
  id: { name: id, in: query, schema: { $ref: "../schemas.json#/Id" } }
`,
    );
    api.serve("/schemas.json", JSON.stringify({ Id: { type: "integer" } }));
    const imported = await kit.data("import_openapi", { name: "y", url: api.serve("/pets.yaml", yaml) });
    assert.deepEqual(imported.tools, ["y_get_a"]);
    assert.match(imported.warnings.join("\n"), /only what lies at .* is read; join/);
    assert.match(imported.warnings.join("\n"), /GET \/b is left out: its reference .* leads nowhere/);
    const said = await kit.data("y_get_a", { id: 3 });
    assert.deepEqual([said.path, said.search], ["/echo/beta/a", "?id=3"]);
    assert.match(await kit.refused("y_get_a", { id: "x" }), /id/);
    assert.equal(api.seenElsewhere.length, 0);

    const file = join(home.path, "pets.json");
    await writeFile(file, JSON.stringify(api.document({ "/echo": { get: operation() } })));
    assert.match(await kit.refused("import_openapi", { name: "f", file }), /"ceiling": \{"read":\[/);
    assert.match(await kit.refused("import_openapi", { name: "f", file: "pets.json" }), /not absolute/);
    await kit.data("import_openapi", { name: "f", file }, answering("always"));
  });

  test("refuses what it cannot use, and says how to mend it", async () => {
    await using home = await temporaryHome();
    await using kit = await startUpstream(home.path, { allow: ["*"] });
    const refused = (request: JsonObject) => kit.refused("import_openapi", { name: "x", ...request });
    const secured = api.document({ "/echo": { get: operation() } }, {
      components: { securitySchemes: { key: { type: "apiKey", in: "header", name: "X-Key" } } },
    });
    assert.match(await refused({}), /one of "document", "file" and "url"/);
    assert.match(await refused({ document: "[1]" }), /no object/);
    assert.match(await refused({ document: "{a: [" }), /neither JSON nor YAML/);
    assert.match(await refused({ document: { swagger: "2.0", paths: {} } }), /Swagger "2.0"/);
    assert.match(await refused({ document: { openapi: "4.0.0", paths: {} } }), /"4.0.0", expected 3.0 or 3.1/);
    assert.match(await refused({ document: "a: &a [*a]" }), /levels deep|no object/);
    assert.match(
      await refused({ document: { openapi: "3.1.0", info: {}, paths: { "/a": { get: {} } } } }),
      /pass "base_url"/,
    );
    assert.match(await refused({ url: `${api.url}/texts/none` }), /answers 404/);
    assert.match(await refused({ document: secured, auth: { kye: "x" } }), /no security scheme "kye".*"key"/);
    assert.match(await refused({ document: secured, auth: { key: "plain" } }), /write "\$\{secret:NAME\}"/);
    assert.match(await refused({ document: secured, headers: { "X-Token": "plain" } }), /write "\$\{secret:NAME\}"/);
    assert.match(await refused({ document: secured, auth: { key: "${secret:NONE}" } }), /"ceiling"|NONE/);
    assert.deepEqual(kit.tools("x"), []);
    const { servers } = await kit.data("mcp_servers", { action: "list" });
    assert.deepEqual(servers, []);
  });

  test("sends to nobody but those who were allowed, by the document that was imported", async () => {
    await using home = await temporaryHome();
    await writeFile(join(home.path, "secrets.json"), JSON.stringify(SECRETS), { mode: 0o600 });
    const document = api.document(
      { "/header": { get: operation({ operationId: "header", security: [{ key: [] }] }) } },
      {
        components: { securitySchemes: { key: { type: "apiKey", in: "header", name: "X-Api-Key" } } },
      },
    );
    const file = join(home.path, "tools", "own", "openapi.json");
    {
      await using kit = await startUpstream(home.path);
      const request = { name: "own", document, auth: { key: "${secret:API_KEY}" } };
      const questions: string[] = [];
      const imported = await kit.data("import_openapi", request, answering("trust", questions));
      assert.match(questions[0]!, /credential: key \(api_key\)\nit is given: secret API_KEY/);
      assert.equal(imported.warnings, undefined);
      await kit.data("own_header");
      assert.ok(!(await readFile(join(home.path, "tools", "own", "manifest.json"), "utf8")).includes(SECRETS.API_KEY));
    }
    await writeFile(file, (await readFile(file, "utf8")).replaceAll(api.url, api.elsewhere));
    await using kit = await startUpstream(home.path);
    await until(() => kit.tools("own_").length === 1, "the tool to be listed");
    assert.match(await kit.refused("own_header"), /is not what was imported; import it again/);
    assert.equal(api.seenElsewhere.length, 0);
  });
});
