import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import type { Environment } from "../../../../kernel/mod.ts";
import {
  collectSkillPaths,
  getAppSkillPathsFromEnv,
  getSkillsDir,
} from "../../../../plugins/skills/discovery/path_functions.ts";
import { compareScopes, isScope, SCOPES } from "../../../../plugins/skills/discovery/scope.ts";
import { collectSearchPaths, type SearchPathOptions } from "../../../../plugins/skills/discovery/search_paths.ts";
import { isFolder, Place } from "./kit.ts";

function collect(place: Place, options: Partial<SearchPathOptions> & { readonly variables?: Record<string, string> }) {
  const { variables = {}, ...more } = options;
  const realPath = (path: string) => place.files.open(path).path;
  return collectSearchPaths({ environment: place.environment(variables), realPath, ...more });
}

test("scopes are ordered from admin to repo", () => {
  assert.deepEqual([...SCOPES].reverse().sort(compareScopes), ["admin", "system", "user", "team", "repo"]);
  assert.equal(isScope("team"), true);
  for (const value of ["Admin", "", undefined, "constructor"]) assert.equal(isScope(value), false);
});

describe("collectSearchPaths()", () => {
  test("gives all places in one order, each with its scope and origin", () => {
    using place = new Place();
    const variables = {
      SKILL_MCP_DIR: place.at("skill:mcp"),
      COLLET_SKILL_PATHS: place.at("collet"),
      DCC_MCP_SKILL_PATHS: `${place.at("one")}: ${place.at("two")} ::`,
      COLLET_MY_APP_SKILL_PATHS: place.at("collet_app"),
      DCC_MCP_MY_APP_SKILL_PATHS: "~/app",
      XDG_DATA_HOME: place.at("data"),
    };
    const found = collect(place, {
      variables,
      app: "My-App",
      extra: ["~/extra", { path: place.at("team"), scope: "team" }, { path: place.at("admin"), scope: "admin" }],
    });
    const bundled = found.at(-1)!;
    assert.deepEqual(
      found.slice(0, -1).map(({ path, scope, origin }) => [path.replace(`${place.path}/`, ""), scope, origin]),
      [
        ["user/extra", "user", "extra"],
        ["team", "team", "extra"],
        ["admin", "admin", "extra"],
        ["user/app", "user", "DCC_MCP_MY_APP_SKILL_PATHS"],
        ["collet_app", "user", "COLLET_MY_APP_SKILL_PATHS"],
        ["one", "user", "DCC_MCP_SKILL_PATHS"],
        ["two", "user", "DCC_MCP_SKILL_PATHS"],
        ["collet", "user", "COLLET_SKILL_PATHS"],
        ["skill:mcp", "user", "SKILL_MCP_DIR"],
        ["project/.agents/skills", "repo", "project"],
        ["project/.claude/skills", "repo", "project"],
        ["user/.agents/skills", "user", "user"],
        ["user/.claude/skills", "user", "user"],
        ["user/.gemini/skills", "user", "user"],
        ["home/skills", "user", "home"],
        ["data/dcc-mcp/skills/my-app", "user", "platform"],
        ["data/dcc-mcp/skills", "user", "platform"],
      ],
    );
    assert.equal(bundled.scope, "system");
    assert.equal(bundled.origin, "bundled");
    assert.ok(bundled.path.endsWith("/skills"), bundled.path);
  });

  test("asks for trust in a project's folders alone", () => {
    using place = new Place();
    const waiting = collect(place, { extra: ["~/extra"] }).filter(({ needsTrust }) => needsTrust === true);
    assert.deepEqual(waiting.map(({ project }) => project), [place.at("project"), place.at("project")]);
    assert.deepEqual(waiting.map(({ origin }) => origin), ["project", "project"]);
  });

  test("reads variables each time, and gives nothing but extra paths without the defaults", () => {
    using place = new Place();
    const variables: Record<string, string> = {};
    const options = { variables, hasDefaults: false, extra: ["/a", "/b/../a"] };
    assert.deepEqual(collect(place, options).map(({ path }) => path), ["/a"]);
    variables["COLLET_SKILL_PATHS"] = "/later";
    assert.ok(collect(place, { variables }).some(({ path }) => path === "/later"));
  });

  test("gives a folder once, by whatever names it goes, and without a question where one of them needs none", () => {
    using place = new Place();
    mkdirSync(place.at("user/.claude/skills"), { recursive: true });
    symlinkSync(place.at("user/.claude"), place.at("link"));
    const environment = place.environment({}, { cwd: place.at("user") });
    const found = collect(place, { environment, extra: [place.at("link/skills")] });
    const claude = found.filter(({ path }) => place.files.open(path).path === place.at("user/.claude/skills"));
    assert.deepEqual(claude.map(({ path, origin }) => [path, origin]), [[place.at("link/skills"), "extra"]]);
    const own = collect(place, { environment });
    assert.deepEqual(own.filter(({ needsTrust }) => needsTrust === true), []);
    assert.ok(own.some(({ path }) => path === place.at("user/.agents/skills")));
  });

  test("takes paths as Windows and macOS have them", () => {
    const variables: Record<string, string> = {
      DCC_MCP_MAYA_SKILL_PATHS: "D:\\skills;;E:\\more skills ",
      APPDATA: "C:\\Users\\ada\\AppData\\Roaming",
    };
    const windows = {
      os: "windows",
      userHome: "C:\\Users\\ada",
      home: "C:\\Users\\ada\\.collet",
      cwd: "C:\\work\\",
      variable: (name: string) => variables[name],
      expand: (path: string) => path,
    } as Partial<Environment> as Environment;
    const found = collectSearchPaths({ environment: windows, realPath: (path) => path, app: "maya" });
    assert.deepEqual(found.slice(0, -1).map(({ path }) => path), [
      "D:\\skills",
      "E:\\more skills",
      "C:\\work\\.agents\\skills",
      "C:\\work\\.claude\\skills",
      "C:\\Users\\ada\\.agents\\skills",
      "C:\\Users\\ada\\.claude\\skills",
      "C:\\Users\\ada\\.gemini\\skills",
      "C:\\Users\\ada\\.collet\\skills",
      "C:\\Users\\ada\\AppData\\Roaming\\dcc-mcp\\skills\\maya",
      "C:\\Users\\ada\\AppData\\Roaming\\dcc-mcp\\skills",
    ]);
    const variable = () => undefined;
    const mac = { os: "darwin", userHome: "/Users/ada", variable } as Partial<Environment> as Environment;
    assert.equal(getSkillsDir(mac, "Maya"), "/Users/ada/Library/Application Support/dcc-mcp/skills/maya");
    assert.equal(
      getSkillsDir({ ...windows, variable }, null),
      "C:\\Users\\ada\\AppData\\Roaming\\dcc-mcp\\skills",
    );
  });

  test("never makes a path of a name that is none", () => {
    using place = new Place();
    for (const app of ["..", "../x", "a/b", "a\\b", ".hidden", "a\0b", "x".repeat(65)]) {
      assert.throws(() => collect(place, { app }), { name: "SkillValueError", code: "NAME_INVALID" }, app);
      assert.throws(() => getSkillsDir(place.environment(), app), { code: "NAME_INVALID" }, app);
    }
    assert.throws(() => collect(place, { extra: ["a\0b"] }), { code: "OPTION_INVALID" });
  });
});

describe("getAppSkillPathsFromEnv()", () => {
  test("gives nothing when the variable is not set, and existing folders of it in any case of the name", () => {
    using place = new Place();
    for (const path of ["a", "b", "c"]) mkdirSync(place.at(path));
    place.write("file", "");
    assert.deepEqual(getAppSkillPathsFromEnv(place.host({ DCC_MCP_SKILL_PATHS: place.at("c") }), "maya"), []);
    const host = place.host({
      DCC_MCP_MY_MAYA_SKILL_PATHS: ["b", "missing", "file", "a", "b"].map((path) => place.at(path)).join(":"),
      DCC_MCP_SKILL_PATHS: place.at("c"),
    });
    for (const app of ["my-maya", "MY-MAYA", "My_Maya"]) {
      assert.deepEqual(getAppSkillPathsFromEnv(host, app), [place.at("b"), place.at("a")]);
    }
    const all = getAppSkillPathsFromEnv(host, "my-maya", { includeGlobal: true });
    assert.deepEqual(all, [place.at("b"), place.at("a"), place.at("c")]);
  });
});

describe("collectSkillPaths()", () => {
  test("gives the five levels in their order, of what exists, each folder once", () => {
    using place = new Place();
    const variables = {
      DCC_MCP_MAYA_SKILL_PATHS: place.at("app"),
      DCC_MCP_SKILL_PATHS: `${place.at("general")}:${place.at("link")}`,
      XDG_DATA_HOME: place.at("data"),
    };
    const folders = ["extra", "app", "general", "data/dcc-mcp/skills/maya"];
    for (const path of folders) mkdirSync(place.at(path), { recursive: true });
    symlinkSync(place.at("app"), place.at("link"));
    const host = place.host(variables);
    const found = collectSkillPaths(host, ["", place.at("missing"), place.at("extra")], "Maya");
    assert.deepEqual(found.map((path) => path.slice(place.path.length + 1)), [...folders, "data/dcc-mcp/skills"]);
    assert.deepEqual(collectSkillPaths(host), [place.at("general"), place.at("link"), place.at("data/dcc-mcp/skills")]);
    assert.deepEqual(collectSkillPaths(place.host({ XDG_DATA_HOME: "relative" }), null, null), []);
  });

  test("knows the platform's folder without making it", () => {
    using place = new Place();
    const environment = place.environment({ XDG_DATA_HOME: "relative" });
    assert.equal(getSkillsDir(environment), place.at("user/.local/share/dcc-mcp/skills"));
    assert.equal(getSkillsDir(environment, "3dsMax"), place.at("user/.local/share/dcc-mcp/skills/3dsmax"));
    assert.equal(isFolder(place.at("user")), false);
  });
});
