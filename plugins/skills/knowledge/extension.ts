/**
 * The skills extension of the protocol (SEP-2640): `skills/list`, `skills/get` and `resources/directory/read`. Changes
 * are told as those of resources are.
 *
 * @module
 */
import {
  ErrorCode,
  isObject,
  type JsonObject,
  ProtocolError,
  type ProtocolExtension,
  type ProtocolMethod,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import { mediaTypeOf } from "./media_types.ts";
import type { PublishedSkills } from "./published_skills.ts";
import type { SkillFiles } from "./skill_files.ts";
import { readSkillUri, skillUri } from "./uris.ts";

/** Skills on a page: few, since the digests of all their files are computed for it. */
const SKILLS_PAGE = 100;
const CHILDREN_PAGE = 500;
const FOLDER_TYPE = "inode/directory";
/** What clients of 2026-07-28 are told about keeping an answer: not at all, as files may change at any time. */
const CACHE_HINTS = Object.freeze({ ttlMs: 0, cacheScope: "private" });

/** What the extension works with. */
export interface ExtensionOptions {
  readonly catalog: Pick<SkillCatalog, "find">;
  readonly published: PublishedSkills;
  readonly files: SkillFiles;
}

/** Makes the extension. */
export function skillsExtension(options: ExtensionOptions): ProtocolExtension {
  const methods: Readonly<Record<string, (params: JsonObject) => Promise<JsonObject>>> = {
    "skills/list": (params) => listSkills(params, options),
    "skills/get": (params) => getSkill(params, options),
    "resources/directory/read": (params) => readFolder(params, options),
  };
  const answered = (hints: JsonObject): Record<string, ProtocolMethod> =>
    Object.fromEntries(
      Object.entries(methods).map((
        [name, answer],
      ) => [name, async (params) => ({ ...hints, ...await answer(params) })]),
    );
  return {
    id: "io.modelcontextprotocol/skills",
    settings: { directoryRead: true },
    methods: answered(CACHE_HINTS),
    legacy: { methods: answered({}) },
  };
}

async function listSkills(params: JsonObject, { published }: ExtensionOptions): Promise<JsonObject> {
  const { skills, hasMore } = published.page(readCursor(params) ?? "", SKILLS_PAGE);
  const entries = await Promise.all(skills.map((skill) => published.entry(skill)));
  return {
    skills: entries.filter((it) => it !== undefined),
    ...(hasMore && { nextCursor: writeCursor(skills.at(-1)!.name) }),
  };
}

async function getSkill(params: JsonObject, { published }: ExtensionOptions): Promise<JsonObject> {
  const uri = readUri(params);
  const skill = published.find(uri);
  const entry = skill && await published.entry(skill);
  if (entry === undefined) throw invalid(`No skill has "${uri}": skills/list gives the addresses of all`);
  return { skill: entry };
}

async function readFolder(params: JsonObject, { catalog, files }: ExtensionOptions): Promise<JsonObject> {
  const uri = readUri(params);
  const at = readSkillUri(uri);
  const skill = at && catalog.find(at.name);
  const children = skill && await files.children(skill.found.path, at.path);
  if (at === undefined || children === undefined) {
    throw invalid(`"${uri}" is no folder of a skill: expected an address such as skill://name or skill://name/scripts`);
  }
  const after = readCursor(params) ?? "";
  const rest = children.filter(({ path }) => path > after);
  const page = rest.slice(0, CHILDREN_PAGE);
  return {
    resources: page.map(({ path, kind }) => ({
      uri: skillUri(at.name, path),
      name: path.slice(path.lastIndexOf("/") + 1),
      mimeType: kind === "folder" ? FOLDER_TYPE : mediaTypeOf(path),
    })),
    ...(rest.length > page.length && { nextCursor: writeCursor(page.at(-1)!.path) }),
  };
}

function readUri({ uri }: JsonObject): string {
  if (typeof uri === "string") return uri;
  throw invalid(`Expected a text as "uri", got ${uri === undefined ? "none" : JSON.stringify(uri)}`);
}

const CURSOR_PREFIX = "skill:";

function writeCursor(after: string): string {
  return btoa(encodeURIComponent(CURSOR_PREFIX + after));
}

function readCursor({ cursor }: JsonObject): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    const text = decodeURIComponent(atob(String(cursor)));
    if (!isObject(cursor) && text.startsWith(CURSOR_PREFIX)) return text.slice(CURSOR_PREFIX.length);
  } catch {
    // falls through to the error below
  }
  throw invalid("Invalid cursor: use the nextCursor of the page before");
}

function invalid(message: string): ProtocolError {
  return new ProtocolError(ErrorCode.invalidParams, message);
}
