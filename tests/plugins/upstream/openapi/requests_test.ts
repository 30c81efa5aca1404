import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf } from "../../../../kernel/mod.ts";
import { temporaryHome } from "../../library/kit.ts";
import { answering, startUpstream, type UpstreamKit } from "../tools/kit.ts";
import { type ApiServer, operation, SECRETS, startApi } from "./api_server.ts";

const path = (name: string, more: JsonObject = {}) => ({ name, in: "path", required: true, schema: {}, ...more });
const query = (name: string, more: JsonObject = {}) => ({ name, in: "query", schema: {}, ...more });
const body = (mediaType: string, schema: JsonObject, more: JsonObject = {}) => ({
  required: true,
  content: { [mediaType]: { schema, ...more } },
});
const secured = (name: string) => operation({ operationId: name, security: [{ [name]: [] }] });

const PATHS = {
  "/echo/{id}/{list}": {
    parameters: [path("id"), path("list", { style: "label", explode: true })],
    get: operation({
      operationId: "echo",
      parameters: [
        query("id"),
        query("tags", { explode: false }),
        query("filter", { style: "deepObject" }),
        query("as_json", { schema: undefined, content: { "application/json": { schema: {} } } }),
        query("odd[name]"),
        { name: "X-Trace", in: "header", schema: {} },
        { name: "color", in: "cookie", schema: {} },
        { name: "Authorization", in: "header", schema: {} },
      ],
    }),
  },
  "/echo": {
    post: operation({ operationId: "json", requestBody: body("application/json", { type: "object" }) }),
    put: operation({
      operationId: "form",
      requestBody: body("application/x-www-form-urlencoded", {
        type: "object",
        properties: { tags: { type: "array", items: { type: "string" } } },
      }),
    }),
    patch: operation({ operationId: "csv", requestBody: body("text/csv", { type: "string" }) }),
    delete: operation({ operationId: "bytes", requestBody: body("application/zip", { type: "string" }) }),
  },
  "/form": {
    post: operation({
      operationId: "multipart",
      requestBody: body("multipart/form-data", {
        type: "object",
        properties: {
          title: { type: "string" },
          about: { type: "object" },
          photo: { type: "string", format: "binary", description: "A picture" },
          more: { type: "array", items: { type: "string", format: "binary" } },
        },
      }),
    }),
  },
  ...Object.fromEntries(
    ["list", "text", "latin", "image", "sound", "file", "big", "empty", "missing", "broken", "slow", "same"]
      .map((name) => [`/${name}`, { get: operation({ operationId: name }) }]),
  ),
  "/misfit": {
    get: {
      operationId: "misfit",
      responses: {
        200: {
          description: "",
          content: { "application/json": { schema: { type: "object", properties: { id: { type: "integer" } } } } },
        },
      },
    },
  },
  "/see": { post: operation({ operationId: "see", requestBody: body("application/json", {}) }) },
  "/again": { post: operation({ operationId: "again", requestBody: body("application/json", {}) }) },
  "/away": {
    get: operation({ operationId: "away", security: [{ bearer: [] }] }),
    post: operation({ operationId: "away_post", requestBody: body("application/json", {}) }),
  },
  ...Object.fromEntries(
    ["header", "query", "cookie", "basic", "bearer", "oauth"].map((it) => [`/${it}`, { get: secured(it) }]),
  ),
};

const SCHEMES = {
  header: { type: "apiKey", in: "header", name: "X-Api-Key" },
  query: { type: "apiKey", in: "query", name: "api_key" },
  cookie: { type: "apiKey", in: "cookie", name: "session" },
  basic: { type: "http", scheme: "basic" },
  bearer: { type: "http", scheme: "bearer" },
  oauth: { type: "oauth2", flows: { clientCredentials: { tokenUrl: "/token", scopes: { read: "", write: "" } } } },
};
const AUTH = {
  header: "${secret:API_KEY}",
  query: "${secret:API_KEY}",
  cookie: "${secret:API_KEY}",
  basic: { username: "ada", password: "${secret:PASSWORD}" },
  bearer: "${secret:TOKEN}",
  oauth: { client_id: "client", client_secret: "${secret:CLIENT_SECRET}", scopes: ["read", "write"] },
};

describe("tools of a web API", () => {
  let api: ApiServer;
  let kit: UpstreamKit;
  let home: Awaited<ReturnType<typeof temporaryHome>>;
  const call = (name: string, args: JsonObject = {}) => kit.kernel.call(`api_${name}`, args);

  before(async () => {
    [api, home] = await Promise.all([startApi(), temporaryHome()]);
    await writeFile(join(home.path, "secrets.json"), JSON.stringify(SECRETS), { mode: 0o600 });
    kit = await startUpstream(home.path);
    const document = api.document(PATHS, { components: { securitySchemes: SCHEMES } });
    await kit.data("import_openapi", { name: "api", document, auth: AUTH }, answering("trust"));
  });
  after(async () => {
    await kit?.[Symbol.asyncDispose]();
    await Promise.all([api?.[Symbol.asyncDispose](), home?.[Symbol.asyncDispose]()]);
  });

  test("send parameters where they belong, in their styles", async () => {
    const said = await kit.data("api_echo", {
      id: "a/b ?",
      query_id: 5,
      list: ["x", "y"],
      tags: ["1,2", "3"],
      filter: { a: 1, b: { c: "d" } },
      as_json: { z: [true] },
      odd_name_: "&",
      "X-Trace": [1, 2],
      color: "red",
    });
    assert.equal(said.path, "/echo/a%2Fb%20%3F/.x.y");
    assert.equal(
      said.search,
      "?id=5&tags=1%2C2,3&filter[a]=1&filter[b][c]=d&as_json=%7B%22z%22%3A%5Btrue%5D%7D&odd%5Bname%5D=%26",
    );
    assert.deepEqual([said.headers["x-trace"], said.headers.cookie], ["1,2", "color=red"]);
    // what the document has no say in
    assert.match(await kit.refused("api_echo", { id: "1", list: ["x"], Authorization: "mine" }), /Authorization/);
  });

  test("send no argument to another place", async () => {
    for (const id of ["..", ".", ""]) {
      assert.match(await kit.refused("api_echo", { id, list: ["x"] }), /another place|empty/);
    }
    assert.match(await kit.refused("api_echo", { id: "1", list: ["x"], "X-Trace": "a\r\nHost: b" }), /line end/);
  });

  test("send bodies as JSON, forms, texts, bytes and files", async () => {
    const json = await kit.data("api_json", { body: { a: [1] } });
    assert.deepEqual([json.text, json.headers["content-type"]], ['{"a":[1]}', "application/json"]);
    const form = await kit.data("api_form", { body: { tags: ["a b", "c&d"], other: "e" } });
    assert.equal(form.text, "tags=a+b&tags=c%26d&other=e");
    assert.equal((await kit.data("api_csv", { body: "a;b" })).text, "a;b");
    assert.equal((await kit.data("api_bytes", { body: "AP8=" })).body, "AP8=");
    assert.match(await kit.refused("api_bytes", { body: "*" }), /base64/);
    const photo = { data: "AQI=", filename: "p.png", mime_type: "image/png" };
    const { parts } = await kit.data("api_multipart", {
      body: { title: "T", about: { k: 1 }, photo, more: [{ data: "Aw==" }] },
    });
    assert.deepEqual(parts.filter((it: JsonObject) => it["name"] !== "about"), [
      { name: "title", text: "T" },
      { name: "photo", filename: "p.png", type: "image/png", data: "AQI=" },
      { name: "more", filename: "more", type: "application/octet-stream", data: "Aw==" },
    ]);
    const about = parts.find((it: JsonObject) => it["name"] === "about");
    assert.equal(Buffer.from(about.data, "base64").toString(), '{"k":1}');
  });

  test("answer with what came: values, texts, images, sounds and files", async () => {
    assert.deepEqual((await call("list")).structuredContent, [1, 2, 3]);
    assert.equal(textOf(await call("text")), "gr\u00fc\u00df dich");
    assert.equal(textOf(await call("latin")), "\u00e9");
    assert.deepEqual((await call("image")).content, [{ type: "image", data: "AQID", mimeType: "image/png" }]);
    assert.deepEqual((await call("sound")).content, [{ type: "audio", data: "BAU=", mimeType: "audio/wav" }]);
    assert.deepEqual((await call("file")).content, [{
      type: "resource",
      resource: { uri: "openapi://api/file/a%20b.zip", mimeType: "application/zip", blob: "AP8=" },
    }]);
    assert.equal(textOf(await call("empty")), "HTTP 204 No Content");
    assert.match(await kit.refused("api_big"), /HTTP 200.*16777216|too large|more than/);
  });

  test("fail with status and body, and with an answer that is not as promised", async () => {
    const missing = await call("missing");
    assert.equal(missing.isError, true);
    assert.equal(textOf(missing), 'HTTP 404 Not Found (Retry-After: 7)\n{"code":"no_pet"}');
    assert.deepEqual(missing.structuredContent, { status: 404, body: { code: "no_pet" } });
    assert.match(await kit.refused("api_broken"), /^HTTP 500 Internal Server Error\nit broke$/);
    assert.match(await kit.refused("api_misfit"), /not as its document promises[^]*\{"id":"not a number"\}/);
  });

  test("end when they are late, and when the client gives up", async () => {
    const controller = new AbortController();
    const given = kit.kernel.call("api_slow", {}, { signal: controller.signal });
    controller.abort(new Error("enough"));
    assert.equal((await given.catch((error) => ({ isError: true, error }))).isError, true);
    const document = api.document({ "/slow": { get: operation({ operationId: "slow" }) } });
    await kit.data("import_openapi", { name: "late", document, timeout_ms: 1_000 }, answering("trust"));
    assert.match(await kit.refused("late_slow"), /^"late" did not answer within 1 s$/);
  });

  test("follow redirects, and take nothing secret elsewhere", async () => {
    const moved = await kit.data("api_same");
    assert.deepEqual([moved.method, moved.path, moved.search], ["GET", "/echo/moved", "?by=redirect"]);
    const seen = await kit.data("api_see", { body: { a: 1 } });
    assert.deepEqual([seen.method, seen.text, seen.headers["content-type"]], ["GET", "", undefined]);
    const again = await kit.data("api_again", { body: { a: 1 } });
    assert.deepEqual([again.method, again.text], ["POST", '{"a":1}']);
    assert.deepEqual(await kit.data("api_away"), { at: "elsewhere" });
    assert.deepEqual(api.seenElsewhere.map((it) => it["authorization"]), [undefined]);
    assert.match(await kit.refused("api_away_post", { body: {} }), /another origin, which is not followed/);
    assert.equal(api.seenElsewhere.length, 1);
  });

  test("say who asks by secrets that nobody sees", async () => {
    for (const name of ["header", "query", "cookie", "basic", "bearer", "oauth", "oauth"]) {
      const result = await call(name);
      assert.equal(result.isError, undefined, `${name}: ${textOf(result)}`);
      const hidden = [...Object.values(SECRETS), btoa(`ada:${SECRETS.PASSWORD}`), "access-token"];
      for (const secret of hidden) assert.ok(!JSON.stringify(result).includes(secret), name);
    }
    assert.equal(api.tokens.count, 1);
    // the API takes the first token no more
    api.tokens.count++;
    assert.match(await kit.refused("api_oauth"), /^HTTP 401/);
    await kit.data("api_oauth");
    assert.ok(!JSON.stringify(kit.log.entries).includes("nobody-sees"));
  });
});
