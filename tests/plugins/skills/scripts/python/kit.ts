/**
 * Servers with everything that ships, real clients, and skills whose modules code imports.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type JsonObject, textOf, type ToolResult } from "../../../../../kernel/mod.ts";
import { temporaryHome } from "../../../library/kit.ts";
import {
  type ConnectOptions,
  type GrantingServer,
  type ServerOptions,
  startGranting,
  type User,
} from "../../../scripts/granting.ts";

/** Files of skills, by the name of the skill; a SKILL.md is written where there is none. */
export type Skills = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What `execute_python_code` is called with. */
export interface Execution {
  readonly code: string;
  readonly skill_references?: readonly string[] | null;
  readonly timeout?: number | null;
}

/** A server, and the client of one user. */
export interface PythonKit extends AsyncDisposable {
  readonly home: string;
  readonly server: GrantingServer;
  readonly user: User;
  /** Executes code; `references` are those of the call. */
  execute(code: string, references?: readonly string[], more?: Partial<Execution>): Promise<ToolResult>;
  /** The same for code that succeeds; gives what it printed. */
  stdout(code: string, references?: readonly string[]): Promise<string>;
  /** The same for code that must not run; gives the error. */
  refusal(code: string, references?: readonly string[]): Promise<string>;
  /** Names of what is left in the working folder of the server. */
  left(): Promise<readonly string[]>;
}

/** Starts a server with skills in the folder that may be changed. */
export async function startPython(
  skills: Skills,
  { config = {}, connect = {}, ...options }: Omit<ServerOptions, "home"> & { readonly connect?: ConnectOptions } = {},
): Promise<PythonKit> {
  const home = await temporaryHome();
  await writeSkills(join(home.path, "skills"), skills);
  const found = { paths: [join(home.path, "skills")], default_paths: false, watch: false };
  // interpreters that wait have folders of their own
  const scripts = { warm: { per_key: 0 } };
  const server = await startGranting({
    ...options,
    home: home.path,
    config: { scripts, ...config, skills: { ...found, ...config["skills"] } },
  });
  const user = await server.connect(connect);
  const execute: PythonKit["execute"] = async (code, references, more = {}) => {
    const args = { code, ...(references !== undefined && { skill_references: references }), ...more };
    // an installation takes its time
    const request = { name: "execute_python_code", arguments: args };
    return await user.client.callTool(request, { timeout: 240_000 }) as unknown as ToolResult;
  };
  return {
    ...{ home: home.path, server, user, execute },
    async stdout(code, references) {
      return valueOf(await execute(code, references))["stdout"] as string;
    },
    async refusal(code, references) {
      const result = await execute(code, references);
      assert.equal(result.isError, true, textOf(result));
      assert.doesNotMatch(textOf(result), /^Python Code Execution/);
      return textOf(result);
    },
    left: () => readdir(join(home.path, "work")).catch(() => []),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Writes skills into a folder. */
export async function writeSkills(folder: string, skills: Skills): Promise<void> {
  for (const [name, files] of Object.entries(skills)) {
    for (const [path, text] of Object.entries({ "SKILL.md": skillText(name), ...files })) {
      const file = join(folder, name, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
}

/** Writes a SKILL.md; `more` are further lines of its front matter. */
export function skillText(name: string, more = ""): string {
  return `---\nname: ${name}\ndescription: The skill ${name}\n${more}---\n# ${name}\n`;
}

/** Writes the grants that a skill asks for, as lines of its front matter. */
export function grantLines(grants: JsonObject): string {
  return `metadata:\n  collet:\n    grants: ${JSON.stringify(grants)}\n`;
}

/** Writes inline metadata of Python. */
export function inlineMetadata(...lines: readonly string[]): string {
  return ["# /// script", ...lines.map((line) => `# ${line}`), "# ///", ""].join("\n");
}

/** Gives what a result that did not fail has for programs. */
export function valueOf(result: ToolResult): JsonObject {
  assert.notEqual(result.isError, true, textOf(result));
  return result.structuredContent as JsonObject;
}
