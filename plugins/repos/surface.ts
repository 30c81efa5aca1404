/**
 * The surface of a skill: what of it can run, or decides on what runs. A person allows a surface; documents are no part
 * of it, so that a skill whose documents alone change is what it was.
 *
 * @module
 */
import { type FileStat, type Folder, isObject, sha256, ToolError } from "../../kernel/mod.ts";
import { parseSkill, SKILL_FILES, type SkillMetadata, writtenGrants } from "../skills/contract.ts";

/** A file of a skill. */
export interface SurfaceFile {
  /** Relative to the skill, `/` between parts. */
  readonly path: string;
  /** SHA-256, in hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly isExecutable: boolean;
}

/** What of a skill can run, or decides on what runs. */
export interface Surface {
  /** Another text whenever any of it is another. */
  readonly digest: string;
  /** Sorted by path. */
  readonly files: readonly SurfaceFile[];
  /** The other files, sorted by path: Markdown that nothing runs. */
  readonly documents: readonly SurfaceFile[];
  /** What it asks for, a line each, such as `network: true`; sorted. */
  readonly grants: readonly string[];
  /** Names of the tools that it declares or whose scripts it has, sorted. */
  readonly tools: readonly string[];
  /** Packages that its scripts declare, as they write them; sorted. */
  readonly packages: readonly string[];
}

/** What is known of the content of one file. */
interface Content extends Pick<SurfaceFile, "digest"> {
  /** Names of Markdown files that it mentions, in lower case; of code alone. */
  readonly mentions: readonly string[];
  readonly packages: readonly string[];
  /** Whether it says by its first bytes what runs it. */
  readonly hasShebang: boolean;
}

interface Entry {
  readonly path: string;
  readonly stat: FileStat;
  readonly isExecutable: boolean;
}

/** Gives the packages that the source of a Python script declares in itself. */
export type ReadDeclared = (source: string) => Promise<readonly string[]>;

/** How the form of a digest is told from later ones. */
const FORMAT = 1;
/** Files whose content is known for the next look. */
const MOST_KNOWN = 20_000;
/** What is larger is refused, in bytes: it came by other ways than a checkout. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Surfaces that are known for the next look. */
const MOST_SURFACES = 2_000;
/** What is larger is looked at for no packages, in bytes. */
const MOST_TEXT = 1024 * 1024;
const MARKDOWN_REGEXP = /\.(?:md|mdx|markdown)$/i;
const MENTION_REGEXP = /\.(?:md|mdx|markdown)(?![\w-])/gi;
/** What a mention can begin with; names with anything else in them are known by their ends. */
const MENTIONED_REGEXP = /[\w.-]*$/;
/** Longest part of a name that is compared: of a text without gaps no more is looked at. */
const LONGEST_MENTION = 120;
/** Files that name documents and run none. */
const DATA_REGEXP = /\.(?:json|toml|ya?ml|cfg|ini|txt|lock|html?|css|svg|xml|csv)$/i;
/** Files that nothing runs, in reports. */
const INERT_REGEXP =
  /(?:^|\/)(?:licen[cs]e|notice|copying|authors|\.git\w+)$|\.(?:png|jpe?g|gif|webp|ico|pdf|ttf|otf|woff2?|docx?|xlsx?|pptx?|mp[34])$/i;
/** Data by which interpreters and installers find what they run. */
const DECISIVE_REGEXP =
  /(?:^|\/)(?:(?:package|deno|[jt]sconfig[\w.-]*)\.jsonc?|pyproject\.toml|requirements[\w.-]*\.txt)$/i;
const REQUIREMENTS_REGEXP = /(?:^|\/)requirements[\w.-]*\.txt$/i;
const PACKAGE_JSON_REGEXP = /(?:^|\/)package\.json$/;
/** Fields of the front matter, and of its `metadata`, that people read and nothing runs by. */
const DOCUMENTARY: ReadonlySet<string> = new Set([
  ...["description", "license", "version", "author", "authors", "tags", "category", "keywords", "homepage"],
  ...["when_to_use", "when-to-use", "argument-hint", "argument_hint", "search-hint", "search-aliases"],
]);
/** Of the documents of a skill, those that say which others it needs. */
const DEPENDS_FILE = "metadata/depends.md";

/** Reads surfaces; files that are as they were are not read again. */
export class Surfaces {
  readonly #declared: ReadDeclared;
  readonly #contents = new Map<string, Content & { readonly fingerprint: string }>();
  readonly #surfaces = new Map<string, { readonly key: string; readonly surface: Surface }>();

  /** @param declared None declare any by default. */
  constructor(declared: ReadDeclared = () => Promise.resolve([])) {
    this.#declared = declared;
  }

  /**
   * Reads the surface of a skill, as its files are now.
   *
   * @param folder Opened at the skill.
   * @throws {ToolError} when there is a link in it, whose target could change unseen.
   */
  async read(folder: Folder): Promise<Surface> {
    const entries = await listEntries(folder);
    const key = JSON.stringify(entries.map(({ path, stat }) => [path, stat.fingerprint, stat.mode]));
    const known = this.#surfaces.get(folder.path);
    if (known?.key === key) return known.surface;
    const surface = await this.#make(folder, entries);
    remember(this.#surfaces, [folder.path, { key, surface }], MOST_SURFACES);
    return surface;
  }

  async #make(folder: Folder, entries: readonly Entry[]): Promise<Surface> {
    const contents = new Map<Entry, Content>();
    for (const entry of entries) contents.set(entry, await this.#look(folder, entry));
    const { metadata } = await parseSkill(folder);
    const named = new Set([...contents.values()].flatMap(({ mentions }) => mentions));
    for (const { sourceFile } of metadata?.tools ?? []) for (const it of mentionsIn(sourceFile)) named.add(it);
    const counts = (entry: Entry) => isRunnable(entry, { content: contents.get(entry)!, named });
    const shown = (them: readonly Entry[]) =>
      them.map((it): SurfaceFile => ({
        path: it.path,
        digest: contents.get(it)!.digest,
        size: it.stat.size,
        isExecutable: it.isExecutable,
      }));
    const files = shown(entries.filter(counts));
    const documents = shown(entries.filter((it) => !counts(it)));
    // what cannot be read as a skill may be read by something else
    const said = metadata === undefined ? shown(entries.filter(isSkillFile)) : decisiveFields(metadata.frontmatter);
    const lines = files.map(({ path, digest, isExecutable }) => [path, digest, isExecutable]);
    return {
      digest: await sha256(JSON.stringify([FORMAT, sorted(said), lines])),
      files,
      documents,
      grants: metadata === undefined ? [] : grantLines(metadata),
      tools: metadata === undefined ? [] : unique(toolNames(metadata)),
      packages: unique([...contents.values()].flatMap(({ packages }) => packages)),
    };
  }

  async #look(folder: Folder, { path, stat }: Entry): Promise<Content> {
    const file = `${folder.path}/${path}`;
    const known = this.#contents.get(file);
    if (known?.fingerprint === stat.fingerprint) return known;
    if (stat.size > MOST_BYTES) {
      throw new ToolError(
        `Cannot trust skill "${folder.path}": "${path}" has ${stat.size} bytes, ${MOST_BYTES} are allowed`,
      );
    }
    const bytes = await folder.readBytes(path);
    if (bytes === undefined) throw new ToolError(`Cannot read "${file}": it is not there any more; try again`);
    const text = new TextDecoder().decode(bytes);
    const isCode = DECISIVE_REGEXP.test(path) || !(MARKDOWN_REGEXP.test(path) || DATA_REGEXP.test(path));
    const content = {
      // from before it was read: what changed in between is read again
      fingerprint: stat.fingerprint,
      digest: await sha256(bytes),
      mentions: isCode ? mentionsIn(text) : [],
      packages: bytes.length > MOST_TEXT ? [] : await this.#packages(path, text),
      hasShebang: bytes[0] === 0x23 && bytes[1] === 0x21,
    };
    remember(this.#contents, [file, content], MOST_KNOWN);
    return content;
  }

  async #packages(path: string, text: string): Promise<readonly string[]> {
    if (REQUIREMENTS_REGEXP.test(path)) {
      return text.split("\n").map((line) => line.replace(/(?:^|\s)#.*/, "").trim()).filter((it) => it !== "");
    }
    if (PACKAGE_JSON_REGEXP.test(path)) return npmPackages(text);
    // what is malformed installs nothing, and fails when it is run
    return path.endsWith(".py") ? await this.#declared(text).catch(() => []) : [];
  }
}

/**
 * Reads the surface of a skill once.
 *
 * @throws {ToolError} when there is a link in it.
 */
export async function readSurface(folder: Folder): Promise<Surface> {
  return await new Surfaces().read(folder);
}

/** Tells, for reports, whether a surface has anything that would run; who decides on a run asks about all of it. */
export function canRun({ files, packages, tools }: Surface): boolean {
  return packages.length > 0 || tools.length > 0 || files.some(({ path, isExecutable }) => {
    return isExecutable || !(INERT_REGEXP.test(path) || DATA_REGEXP.test(path));
  });
}

async function listEntries(folder: Folder): Promise<readonly Entry[]> {
  const found = (await folder.list(".", { recursive: true })).filter(({ kind }) => kind !== "folder");
  const link = found.find(({ kind }) => kind === "link");
  if (link !== undefined) {
    throw new ToolError(
      `Cannot trust skill "${folder.path}": "${link.path}" is a link, and what it leads to may change`,
    );
  }
  const entries = await Promise.all(found.map(async ({ path }): Promise<Entry> => {
    const stat = await folder.stat(path);
    if (stat?.kind === "file") return { path, stat, isExecutable: ((stat.mode ?? 0) & 0o111) !== 0 };
    throw new ToolError(`Cannot read skill "${folder.path}": "${path}" is being changed; try again`);
  }));
  return entries.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Tells documents from all else: what no name, place, first line, permission or script makes a program. */
function isRunnable(
  { path, isExecutable }: Entry,
  { content, named }: { readonly content: Content; readonly named: ReadonlySet<string> },
): boolean {
  return !MARKDOWN_REGEXP.test(path) || isExecutable || content.hasShebang || path === DEPENDS_FILE ||
    path.split("/").slice(0, -1).includes("scripts") || mentionsIn(path).some((it) => named.has(it));
}

function isSkillFile({ path }: Entry): boolean {
  return SKILL_FILES.includes(path);
}

/** Lists the Markdown files that a text names, each by the plain characters at the end of its name, in lower case. */
function mentionsIn(text: string): readonly string[] {
  const found = [...text.matchAll(MENTION_REGEXP)].map(({ index, 0: ending }) => {
    const before = text.slice(Math.max(0, index - LONGEST_MENTION), index);
    return `${MENTIONED_REGEXP.exec(before)?.[0] ?? ""}${ending}`.toLowerCase();
  });
  return unique(found);
}

function decisiveFields(frontmatter: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { metadata, ...rest } = withoutDocumentary(frontmatter);
  const left = isObject(metadata) ? withoutDocumentary(metadata) : metadata;
  // a mapping of nothing else is as none
  return isObject(left) && Object.keys(left).length === 0 || left === undefined ? rest : { ...rest, metadata: left };
}

function withoutDocumentary(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !DOCUMENTARY.has(key)));
}

/** Sorts the keys of objects, at all levels: their order decides on nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, it]) => [key, sorted(it)]);
}

function grantLines(metadata: SkillMetadata): readonly string[] {
  const written = writtenGrants(metadata);
  const grants = isObject(written) ? Object.entries(written) : written === undefined ? [] : [["grants", written]];
  const named = metadata.externalDeps.filter(({ type }) => type === "env_var").map(({ value }) => value);
  return unique([
    ...grants.map(([key, value]) => `${key}: ${JSON.stringify(value)}`),
    ...[...metadata.requiredEnvVars(), ...named].map((name) => `variable: ${name}`),
    ...metadata.allowedTools.map((name) => `tool: ${name}`),
  ]);
}

function toolNames({ tools, scripts }: SkillMetadata): readonly string[] {
  if (tools.length > 0) return tools.map(({ name }) => name);
  return scripts.map((path) => path.split(/[\\/]/).at(-1)!.replace(/\.[^.]+$/, ""));
}

function npmPackages(text: string): readonly string[] {
  try {
    const { dependencies, optionalDependencies } = JSON.parse(text);
    return Object.entries({ ...dependencies, ...optionalDependencies }).map(([name, range]) => `${name}@${range}`);
  } catch {
    return [];
  }
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

/** Keeps the latest, up to so many. */
function remember<V>(known: Map<string, V>, [key, value]: readonly [string, V], most: number): void {
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}
