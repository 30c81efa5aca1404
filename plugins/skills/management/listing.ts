/**
 * `list` and `search`: the skills of the writable root, then read-only ones of other places, a page at a time.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { SKILL_FILES } from "../discovery/rules.ts";
import { withoutSecrets } from "../env/guarded_folder.ts";
import { parseSkill } from "../format/parse.ts";
import { oneLine } from "../tools/texts.ts";
import { compileSearch } from "./matching.ts";
import type { Answer, Request } from "./request.ts";
import type { ListedSkill, SkillPlaces } from "./skill_places.ts";

/** Skills of one page, when no limit is given. */
const SHOWN = 50;

/** What is told of one skill. */
interface Item {
  readonly name: string;
  readonly description: string;
  readonly hasSkillFile: boolean;
  readonly isWritable: boolean;
  /** Absent for a folder in which the catalog knows no skill. */
  readonly scope: string | undefined;
}

/** Lists skills, those that have a text in them or all. */
export async function listSkills(request: Request, { places }: { readonly places: SkillPlaces }): Promise<Answer> {
  const { operation, search, scope, offset } = request;
  if (operation === "search" && !search) {
    throw new ToolError("search pattern is required for 'search' operation", { data: { code: "ARGUMENT_INVALID" } });
  }
  const matches = search ? compileSearch(search) : () => true;
  const inScope = (await places.list()).filter(({ isWritable }) => isWritable || scope === "all");
  const found = inScope.filter(({ name, skill }) =>
    matches({ name, description: () => skill?.metadata.description ?? "" })
  );
  const end = offset + (request.limit ?? SHOWN);
  const items = await describeAll(found.slice(offset, end), places);
  const own = found.filter(({ isWritable }) => isWritable).length;
  const next = end < found.length ? end : undefined;
  const paragraphs = [
    ...sections(items, { own, others: found.length - own, request, root: places.root.path }),
    ...(next === undefined
      ? []
      : [`Shown: ${offset + 1} to ${end} of ${found.length}; the next ones with offset ${end}`]),
  ];
  return {
    text: paragraphs.join("\n\n"),
    data: {
      root: places.root.path,
      skills: items.map(({ name, description, hasSkillFile, isWritable, scope: itsScope }) => ({
        ...{ name, description, has_skill_md: hasSkillFile, is_writable: isWritable },
        ...(itsScope !== undefined && { scope: itsScope }),
      })),
      ...{ total: found.length, total_writable: own, offset },
      ...(next !== undefined && { next_offset: next }),
    },
  };
}

interface Totals {
  readonly own: number;
  readonly others: number;
  readonly request: Request;
  readonly root: string;
}

function sections(items: readonly Item[], { own, others, request, root }: Totals): string[] {
  const matching = request.search ? ` matching '${request.search}'` : "";
  const where = request.operation === "search" && others === 0 ? "" : ` in ${root}`;
  const head = own === 0 ? `No skills found${where}${matching}` : `Found ${own} skill(s)${matching}:`;
  const readOnly = items.filter(({ isWritable }) => !isWritable);
  return [
    head,
    ...items.filter(({ isWritable }) => isWritable).map(itemText),
    ...(readOnly.length === 0 ? [] : [`Read-only skills of other places (${others}):`, ...readOnly.map(itemText)]),
  ];
}

function itemText({ name, description, hasSkillFile, isWritable, scope }: Item): string {
  const origin = isWritable ? "" : ` [${scope}, read-only]`;
  const line = `${hasSkillFile ? "✓" : "✗"} ${oneLine(name, 255)}${origin}`;
  return description === "" ? line : `${line}\n   Description: ${oneLine(description)}`;
}

/** Describes one page; of folders that the catalog knows nothing of, the files are read. */
async function describeAll(page: readonly ListedSkill[], places: SkillPlaces): Promise<Item[]> {
  const unknown = page.filter(({ skill }) => skill === undefined).map(({ folderName }) => folderName);
  const { root } = places;
  const listed = unknown.length === 0 ? [] : await root.listMany(unknown);
  const meant = new Set(unknown.filter((_, index) => listed[index]?.some(({ path }) => SKILL_FILES.includes(path))));
  return await Promise.all(page.map(async ({ name, folderName, isWritable, skill }): Promise<Item> => {
    const isMeant = meant.has(folderName) && skill === undefined;
    const metadata = skill?.metadata ??
      (isMeant ? (await parseSkill(withoutSecrets(root.at(folderName)))).metadata : undefined);
    return {
      ...{ name, isWritable, description: metadata?.description ?? "", scope: skill?.found.scope },
      hasSkillFile: skill !== undefined || isMeant,
    };
  }));
}
