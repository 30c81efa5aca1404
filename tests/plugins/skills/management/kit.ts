/**
 * Starts the plugin over a real home, with a client that manages skills.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Environment, type Plugin, type PluginContext } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { type TestEra, type TestKit, testPlugin } from "../../../../kernel/testing.ts";
import skills, { type SkillsConfig } from "../../../../plugins/skills/mod.ts";
import { type TemporaryFolder, temporaryFolder } from "../../../platform/temporary.ts";

/** What a tool answered. */
export interface Answer {
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- each operation answers with something else
  readonly data: any;
  readonly isError: boolean;
}

/** How a server is started. */
export interface ManagedOptions {
  readonly config?: SkillsConfig;
  readonly variables?: Readonly<Record<string, string>>;
  readonly era?: TestEra;
  /** An existing home, which is not removed; a new one by default. */
  readonly home?: TemporaryFolder;
}

/** A server whose skills are managed. */
export interface Managed extends AsyncDisposable {
  readonly kit: TestKit;
  /** Real path of its home. */
  readonly home: string;
  /** Path of its writable root, unless a variable names another. */
  readonly root: string;
  ask(tool: string, args: Record<string, unknown>): Promise<Answer>;
  /** Calls `skill_crud`. */
  crud(args: Record<string, unknown>): Promise<Answer>;
  /** Writes files below the home. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** Starts the plugin; nothing outside of its home is a place of skills. */
export async function startManaged(options: ManagedOptions = {}): Promise<Managed> {
  const folder = options.home ?? await temporaryFolder();
  const home = folder.path;
  const kit = await testPlugin(skills, { bundled: false, watch: false, ...options.config }, {
    platform: await platformIn(home, options.variables ?? {}),
    ...(options.era && { era: options.era }),
  });
  const ask = async (name: string, args: Record<string, unknown>): Promise<Answer> => {
    const result = await kit.client.callTool({ name, arguments: args });
    const blocks = result.content as readonly { readonly type: string; readonly text?: string }[];
    const text = blocks.map((it) => it.text ?? "").join("\n");
    return { text, data: result.structuredContent, isError: result.isError === true };
  };
  return {
    kit,
    home,
    root: join(home, "skills"),
    ask,
    crud: (args) => ask("skill_crud", args),
    write: async (files) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(home, path)), { recursive: true });
        await writeFile(join(home, path), text);
      }
    },
    async [Symbol.asyncDispose]() {
      await kit[Symbol.asyncDispose]();
      if (options.home === undefined) await folder[Symbol.asyncDispose]();
    },
  };
}

/** Writes the SKILL.md of a skill. */
export function skillFile(name: string, description = `Does ${name}`): string {
  return `---\nname: ${name}\ndescription: ${description}\n---\n# ${name}\n`;
}

/** Gives a platform whose folders and variables are those of a test alone. */
async function platformIn(home: string, variables: Readonly<Record<string, string>>): Promise<Plugin<void>> {
  const platform = await detectPlatform({ home });
  const environment = (value: object) =>
    Object.create(value, {
      cwd: { value: join(home, "project") },
      userHome: { value: home },
      variable: { value: (name: string) => variables[name] },
      expand: { value: (path: string) => path.startsWith("~/") ? join(home, path.slice(2)) : path },
    });
  const setup = (context: PluginContext) =>
    platform.setup({
      ...context,
      provide: (contract, value) =>
        context.provide(contract, contract.id === Environment.id ? environment(value as object) : value),
    });
  return { ...platform, setup };
}
