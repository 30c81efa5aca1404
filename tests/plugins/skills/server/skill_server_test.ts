import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { SkillRuntimeError, SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { createSkillServer } from "../../../../plugins/skills/server/mod.ts";
import { answerOf, modern, post } from "../../../support/raw.ts";
import { until } from "../../../support/wait.ts";
import { pythonIsMissing } from "../python/kit.ts";
import { connect, makeServer, type ServerKit, writeSkills } from "./kit.ts";

const BUILT_IN = [
  ...["list_skills", "get_skill_info", "load_skill", "unload_skill", "search_skills", "search_tools"],
  ...["activate_tool_group", "deactivate_tool_group", "list_roots", "jobs_get_status"],
];
const SKIP = await pythonIsMissing();

interface Listed {
  readonly name: string;
  readonly description: string;
  readonly annotations?: { readonly deferredHint?: boolean };
}

/** Lists tools as they are on the wire: a client library may leave out what it does not know. */
async function listTools({ server }: Pick<ServerKit, "server">): Promise<ReadonlyMap<string, Listed>> {
  const { body, headers } = modern("tools/list", {});
  const { result } = await answerOf(await post((request) => server.fetch(request), body, { headers }));
  return new Map(result.tools.map((tool: Listed) => [tool.name, tool]));
}

describe("createSkillServer()", () => {
  test("lists built-in tools and stubs, then the tools of a skill that is loaded", async () => {
    await using kit = await makeServer();
    const before = await listTools(kit);
    for (const name of BUILT_IN) assert.equal(before.get(name)?.annotations?.deferredHint ?? false, false, name);
    const stub = before.get("__skill__maya-geometry");
    assert.equal(stub?.annotations?.deferredHint, true);
    assert.match(stub.description, /load_skill/);
    assert.ok(!before.has("maya_geometry__create_sphere"));

    const names = await kit.server.loadSkill("maya-geometry");
    assert.deepEqual(names.slice(0, 3), ["maya_geometry__create_sphere", "maya_geometry__echo", "maya_geometry__fail"]);
    const after = await listTools(kit);
    assert.ok(!after.has("__skill__maya-geometry"));
    for (const name of names.slice(0, 3)) assert.equal(after.get(name)?.annotations?.deferredHint, false, name);
    assert.equal(after.get("__group__rigging")?.annotations?.deferredHint, true);
    assert.ok(!after.has("maya_geometry__skin"));
  });

  test("lists no stubs when they are off, and nothing that makes tools", async () => {
    await using kit = await makeServer({ stubs: false });
    const tools = await listTools(kit);
    assert.deepEqual([...tools.keys()].filter((name) => name.startsWith("__")), []);
    for (const name of ["register_script", "delete_tool", "grants", "memory"]) assert.ok(!tools.has(name), name);
    const { client, ...session } = await startSession(kit);
    await using _ = session;
    await assert.rejects(client.callTool({ name: "register_script", arguments: {} }), /register_script/);
  });

  test("offers the catalog of the page before it is started", async () => {
    await using kit = await makeServer();
    const { server } = kit;
    assert.deepEqual([server.name, server.loadedCount()], ["maya-mcp", 0]);
    const own = () => server.listSkills("unloaded").map(({ name }) => name).filter((name) => name.startsWith("maya-"));
    assert.deepEqual(own(), ["maya-geometry", "maya-notes"]);
    assert.equal(server.searchSkills({ query: "geometry", tags: ["create"] })[0]?.name, "maya-geometry");
    assert.equal(server.getSkillInfo("maya-geometry")?.name, "maya-geometry");
    const names = await server.loadSkill("maya-geometry");
    assert.deepEqual(await server.loadSkill("maya-geometry"), names);
    assert.deepEqual([server.isLoaded("maya-geometry"), server.loadedCount()], [true, 1]);
    assert.equal(await server.unloadSkill("maya-geometry"), names.length);
    await assert.rejects(server.unloadSkill("maya-geometry"), SkillValueError);
    await assert.rejects(server.loadSkill("none"), SkillValueError);
  });

  test("finds no skills that ship, which speak of tools that it has not, unless it is asked to", async () => {
    for (const [config, expected] of [[{}, false], [{ bundledSkills: true }, true]] as const) {
      await using kit = await makeServer(config);
      assert.equal(kit.server.getSkillInfo("tool-builder") !== null, expected);
      assert.equal((await listTools(kit)).has("__skill__tool-builder"), expected);
    }
  });

  test("finds skills in more folders when it is told to, and keeps them", async () => {
    await using kit = await makeServer();
    const { server } = kit;
    const more = join(kit.skills, "..", "more");
    await writeSkills(more, { "late/SKILL.md": "---\nname: late\ndescription: Comes late\n---\n" });
    assert.equal(await server.discover(), 0);
    assert.equal(await server.discover([more]), 1);
    assert.equal(await server.discover([more], "houdini"), 0);
    await writeSkills(more, { "later/SKILL.md": "---\nname: later\ndescription: Comes later\n---\n" });
    assert.equal(await server.discover(), 1);
    assert.ok(server.getSkillInfo("late") && server.getSkillInfo("later"));
  });

  test("finds the skills of the variables of its application", async () => {
    const folder = await mkdtemp(join(tmpdir(), "collet-skills-"));
    const name = "DCC_MCP_MAYA_SKILL_PATHS";
    const before = process.env[name];
    try {
      await writeSkills(folder);
      process.env[name] = folder;
      await using kit = await makeServer({}, { extraPaths: null, dccName: "mayapy" });
      assert.ok(kit.server.getSkillInfo("maya-notes"));
    } finally {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
      await rm(folder, { recursive: true });
    }
  });

  test("refuses settings that are wrong before it begins anything", async () => {
    await assert.rejects(createSkillServer("maya", { port: -1 }), /"port"/);
  });
});

describe("McpHttpServer", () => {
  test("opens a port, tells where, and is gone after its shutdown", async () => {
    await using kit = await makeServer({}, {});
    const handle = await kit.server.start();
    assert.equal(await kit.server.start(), handle);
    assert.ok(handle.port > 0);
    assert.equal(handle.bindAddr, `127.0.0.1:${handle.port}`);
    assert.equal(handle.mcpUrl(), `http://127.0.0.1:${handle.port}/mcp`);
    const client = await connect(handle.mcpUrl());
    assert.equal(client.getServerVersion()?.name, "maya-mcp");
    await client.close();
    handle.signalShutdown();
    await handle.shutdown();
    await assert.rejects(fetch(handle.mcpUrl()));
    await assert.rejects(kit.server.start(), SkillRuntimeError);
  });

  test("cannot start where the port is taken, and can once it is free", async () => {
    await using first = await makeServer();
    const { port, shutdown } = await first.server.start();
    await using second = await makeServer({ port });
    const refused = (error: unknown) => error instanceof SkillRuntimeError && error.code === "PORT_UNAVAILABLE";
    await assert.rejects(second.server.start(), refused);
    await shutdown();
    assert.equal((await second.server.start()).port, port);
  });

  test("refuses requests under foreign names and of foreign pages", async () => {
    await using kit = await makeServer();
    const { server } = kit;
    const status = async (headers: Record<string, string>) => {
      const { body, headers: all } = modern("tools/list", {});
      return (await post((request) => server.fetch(request), body, { headers: { ...all, ...headers } })).status;
    };
    assert.equal(await status({ host: "localhost" }), 200);
    assert.equal(await status({ host: "evil.example" }), 403);
    assert.equal(await status({ origin: "https://evil.example" }), 403);
  });

  test("asks for the token, or for users of the host", async () => {
    const status = async ({ server }: ServerKit, headers: Record<string, string> = {}) => {
      const { body, headers: all } = modern("tools/list", {});
      return (await post((request) => server.fetch(request), body, { headers: { ...all, ...headers } })).status;
    };
    await using withToken = await makeServer({ token: "secret" });
    assert.equal(await status(withToken), 401);
    assert.equal(await status(withToken, { authorization: "Bearer secret" }), 200);
    const authenticate = (request: Request) =>
      request.headers.get("x-user") === "ada" ? { id: "ada", scopes: [] } : undefined;
    await using withUsers = await makeServer({}, { authenticate });
    assert.equal(await status(withUsers), 401);
    assert.equal(await status(withUsers, { "x-user": "ada" }), 200);
  });

  test("serves the protocol where it is told to, and nowhere else", async () => {
    await using kit = await makeServer({ endpointPath: "/skills/v1" });
    const handle = await kit.server.start();
    assert.equal(handle.mcpUrl(), `http://127.0.0.1:${handle.port}/skills/v1`);
    const client = await connect(handle.mcpUrl());
    assert.ok((await client.listTools()).tools.length > 0);
    await client.close();
    assert.equal((await fetch(`http://${handle.bindAddr}/mcp`)).status, 404);
  });
});

/** Starts a server, and connects a client with a session. */
async function startSession({ server }: ServerKit, onListChange: () => void = () => {}) {
  const client = await connect((await server.start()).mcpUrl(), (client) => {
    client.setNotificationHandler("notifications/tools/list_changed", onListChange);
  });
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

describe("a client of the server", { skip: SKIP }, () => {
  test("is told by a stub how to load the skill, and of the tools that come", async () => {
    await using kit = await makeServer();
    let changes = 0;
    await using session = await startSession(kit, () => changes++);
    const { client } = session;
    const call = async (name: string, args: Record<string, unknown> = {}) => {
      const { content, ...result } = await client.callTool({ name, arguments: args });
      const [first] = content;
      return { ...result, text: first?.type === "text" ? first.text : "" };
    };
    const stub = await call("__skill__maya-geometry");
    assert.equal(stub.isError, true);
    assert.match(stub.text, /load_skill/);
    assert.match(stub.text, /maya-geometry/);

    const loaded = await call("load_skill", { skill_name: "maya-geometry" });
    assert.notEqual(loaded.isError, true, loaded.text);
    await until(() => changes > 0, "notifications/tools/list_changed");
    const listed = (await client.listTools()).tools.map(({ name }) => name);
    assert.ok(listed.includes("maya_geometry__create_sphere"));

    const group = await call("__group__rigging");
    assert.equal(group.isError, true);
    assert.match(group.text, /activate_tool_group/);
    assert.notEqual((await call("activate_tool_group", { group: "rigging" })).isError, true);
    assert.ok((await client.listTools()).tools.some(({ name }) => name === "maya_geometry__skin"));
  });

  test("ends a script that takes longer than a request may", async () => {
    await using kit = await makeServer({ requestTimeoutMs: 500 });
    await kit.server.loadSkill("maya-geometry");
    await using session = await startSession(kit);
    const { isError, content } = await session.client.callTool({ name: "maya_geometry__wait", arguments: {} });
    assert.equal(isError, true);
    assert.match(JSON.stringify(content), /time limit/);
  });

  test("runs scripts of loaded skills in Python", async () => {
    await using kit = await makeServer();
    await kit.server.loadSkill("maya-geometry");
    await using session = await startSession(kit);
    const call = (name: string, args: Record<string, unknown>) =>
      session.client.callTool({ name: `maya_geometry__${name}`, arguments: args });

    const echoed = await call("echo", {
      start_frame: 1.5,
      name: "a b",
      on: true,
      none: null,
      list: [1],
      sub: { a: 1 },
    });
    assert.notEqual(echoed.isError, true, JSON.stringify(echoed));
    assert.deepEqual(echoed.structuredContent, {
      stdin: { start_frame: 1.5, name: "a b", on: true, none: null, list: [1], sub: { a: 1 } },
      argv: ["--start-frame", "1.5", "--name", "a b", "--on", "true"],
    });

    const made = await call("create_sphere", { radius: 2, name: "ball", tags: ["x"] });
    assert.notEqual(made.isError, true, JSON.stringify(made));
    const { success, message, context } = made.structuredContent as Record<string, unknown>;
    assert.deepEqual([success, message, context], [true, "Created ball", { radius: 2, more: { tags: ["x"] } }]);

    const refused = await call("create_sphere", { radius: -1 });
    assert.equal(refused.isError, true);
    assert.match(JSON.stringify(refused), /radius -1/);

    const failed = await call("fail", {});
    assert.equal(failed.isError, true);
    assert.match(JSON.stringify(failed.content), /3.*out of polygons/s);
  });
});
