/**
 * `load_skill`: loads skills and what they depend on, and says what came of it and what to do next.
 *
 * @module
 */
import * as v from "valibot";
import { type Call, isToolError, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { collectDependencies } from "../catalog/resolver.ts";
import {
  describeFailure,
  type LoadedSkill,
  type LoadFailure,
  type Loading,
  loadReport,
  loadText,
} from "./load_report.ts";
import type { LoadOptions, SkillTools } from "./mod.ts";
import { answer } from "./texts.ts";

const MAX_NAMES = 50;
const MAX_INSTRUCTIONS_LENGTH = 50_000;

/** Registers the tool. */
export function registerLoadSkill(tools: SkillTools): void {
  const { catalog, lookup } = tools;
  tools.tool({
    name: "load_skill",
    description:
      "Load skills, with those that they depend on: gives their instructions, and their tools can be called.",
    input: v.strictObject({
      skill_name: v.optional(v.string()),
      skill_names: v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_NAMES))),
      activate_groups: v.optional(
        v.pipe(v.boolean(), v.description("Also the tool groups that are not active by default")),
        false,
      ),
    }),
    annotations: {
      title: "Load a skill",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    complete: (argument, value) => argument === "skill_name" ? lookup.complete(value) : [],
    run: async ({ skill_name: one, skill_names: more = [], activate_groups: activateGroups }, call) => {
      const names = [...new Set([...(one === undefined ? [] : [one]), ...more])];
      if (names.length === 0) throw new ToolError('Cannot load a skill: "skill_name" or "skill_names" is missing');
      const loading = await loadEach(names, tools, { call, activateGroups });
      const report = loadReport(loading, catalog.registry);
      if (loading.loaded.length === 0) {
        throw new ToolError(loading.failed.map(describeFailure).join("\n\n"), { data: report });
      }
      return answer([...loadText(loading, catalog.registry), ...await readAll(loading.loaded, tools)], report);
    },
  });
}

/** Loads skills one after another; one that cannot be loaded does not keep the others from it. */
async function loadEach(
  names: readonly string[],
  { catalog, lookup, load, notOffered }: SkillTools,
  { call, activateGroups }: LoadOptions & { readonly call: Call },
): Promise<Loading> {
  const loaded = new Map<string, LoadedSkill>();
  const failed: LoadFailure[] = [];
  for (const asked of names) {
    call.signal.throwIfAborted();
    try {
      const { name } = await lookup.require(asked, { verb: "load", call });
      const before = new Set(withDependencies(name, catalog).filter((it) => catalog.isLoaded(it)));
      await load([name], call, { activateGroups });
      for (const it of withDependencies(name, catalog)) {
        const skill = catalog.find(it);
        if (skill?.state !== "loaded") continue;
        const known = loaded.get(it);
        loaded.set(it, {
          skill,
          isNew: known?.isNew ?? !before.has(it),
          isAsked: known?.isAsked === true || it === name,
        });
      }
    } catch (thrown) {
      if (!isToolError(thrown)) throw thrown;
      failed.push({ name: asked, message: messageOf(thrown), data: thrown.data ?? {} });
    }
  }
  return {
    loaded: [...loaded.values()].sort((a, b) => Number(b.isAsked) - Number(a.isAsked)),
    failed,
    held: notOffered?.().filter(({ skill }) => loaded.has(skill)) ?? [],
  };
}

/** Gives a skill and all that it depends on, by name; it alone where that cannot be told, which loading reports. */
function withDependencies(name: string, catalog: SkillCatalog): readonly string[] {
  const nodes = new Map<string, { readonly name: string; readonly depends: readonly string[] }>();
  const nodeOf = (skill: CatalogSkill | undefined) => {
    if (skill === undefined) return undefined;
    const node = nodes.get(skill.name) ?? { name: skill.name, depends: skill.metadata.depends };
    nodes.set(skill.name, node);
    return node;
  };
  const root = nodeOf(catalog.find(name));
  if (root === undefined) return [name];
  try {
    return [name, ...collectDependencies(root, (it) => nodeOf(catalog.find(it))).map((it) => it.name)];
  } catch (thrown) {
    if (!isToolError(thrown)) throw thrown;
    return [name];
  }
}

/** Reads the instructions of the skills that were asked for. */
async function readAll(loaded: readonly LoadedSkill[], { instructions }: SkillTools): Promise<readonly string[]> {
  const texts: string[] = [];
  let length = 0;
  for (const { skill } of loaded.filter((it) => it.isAsked)) {
    const text = await instructions?.(skill) ?? "";
    length += text.length;
    if (length <= MAX_INSTRUCTIONS_LENGTH) texts.push(text);
    else texts.push(`The instructions of "${skill.name}" are too long to be repeated here; read them where they are`);
  }
  return texts;
}
