/**
 * The plugin `skills` over real folders, with a real client in front of it.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { type TestClientOptions, type TestKit, testPlugin } from "../../../../kernel/testing.ts";
import skills, { type SkillsConfig } from "../../../../plugins/skills/mod.ts";
import { temporaryHome } from "../../library/kit.ts";

/** Files of skills by path below the folder of all skills. */
export type SkillTree = Readonly<Record<string, string | Uint8Array>>;

/** A server with skills on disk. */
export interface SkillsKit extends TestKit {
  /** The folder of all skills. */
  readonly folder: string;
  /** Writes files below it. */
  write(tree: SkillTree): Promise<void>;
  /** Calls a tool, and fails when it does. */
  use(tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>>;
}

/** Writes a SKILL.md. */
export function skillText(
  name: string,
  { more = "", body = "" }: { readonly more?: string; readonly body?: string } = {},
) {
  return `---\nname: ${name}\ndescription: What ${name} is for\n${more}---\n${body}`;
}

/** Starts a server with skills. */
export async function startSkills(
  tree: SkillTree,
  { config = {}, ...client }: TestClientOptions & { readonly config?: SkillsConfig } = {},
): Promise<SkillsKit> {
  const home = await temporaryHome();
  const folder = join(home.path, "skills");
  const write = async (files: SkillTree) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  };
  await write(tree);
  const platform = await detectPlatform({ home: home.path });
  const kit = await testPlugin(skills, { default_paths: false, paths: [folder], watch: false, ...config }, {
    ...client,
    platform,
  });
  return {
    ...kit,
    folder,
    write,
    use: async (name, args) => {
      const result = await kit.client.callTool({ name, arguments: args });
      if (result.isError === true) throw new Error(JSON.stringify(result.content));
      return result.structuredContent as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: async () => {
      await kit[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}
