/**
 * Which skills of repositories may run their scripts: those whose surface a person allowed, as it is at each run.
 *
 * @module
 */
import { type Call, type Folder, isToolError, sha256, ToolError } from "../../kernel/mod.ts";
import { type KnownSkill, REPOSITORY_ORIGIN } from "../skills/contract.ts";
import type { Trust, TrustEntry, TrustPart, TrustSubject } from "../trust/contract.ts";
import type { RepositorySkill } from "./checkout.ts";
import { compareSkills, describeDifference, describeSurface, type SkillDifference } from "./differences.ts";
import type { Repositories, Repository } from "./repositories.ts";
import { canRun, type Surface, type Surfaces } from "./surface.ts";
import { shownName, trustCommand } from "./wording.ts";

/** Kind of what is trusted. */
const KIND = "repository";
/** Skills that are looked at at one time. */
const BATCH = 16;
/** Most skills and lines that a question about many tells of. */
const MOST_SKILLS = 15;
const MOST_LINES = 150;

/**
 * How far a skill is trusted: `no_scripts` has nothing to run, `trusted` runs, `untrusted` was never allowed, and
 * `changed` was allowed as it is no longer.
 */
export type TrustStatus = "no_scripts" | "trusted" | "untrusted" | "changed";

/** A skill of a repository whose checkout is here. */
export interface PlacedSkill {
  readonly repository: Repository;
  readonly skill: RepositorySkill;
  readonly folder: Folder;
}

/** How a skill stands. */
export interface SkillStanding extends PlacedSkill {
  readonly surface: Surface;
  readonly status: TrustStatus;
  /** What was allowed; absent when nothing was. */
  readonly allowed: TrustEntry | undefined;
}

/** What {@linkcode Trusting} works with. */
export interface TrustingOptions {
  readonly repositories: Pick<Repositories, "list" | "folder">;
  /** Without it nothing is trusted. */
  readonly trust: Trust;
  readonly surfaces: Surfaces;
  /** Absolute path of the folder of all checkouts: what is in it is of a repository, whoever found it. */
  readonly root: string;
}

/** What persons allowed of repositories. */
export class Trusting {
  readonly #options: TrustingOptions;
  #places: ReadonlyMap<string, PlacedSkill> | undefined;

  constructor(options: TrustingOptions) {
    this.#options = options;
  }

  /** Forgets where skills are: the repositories changed. */
  changed(): void {
    this.#places = undefined;
  }

  /**
   * Asked before a script of a skill runs.
   *
   * @throws {ToolError} where it is of a repository, and nobody allowed it as it is now.
   */
  async guard(skill: KnownSkill, call: Call): Promise<void> {
    if (skill.origin !== REPOSITORY_ORIGIN && !isWithin(skill.path, this.#options.root)) return;
    const placed = this.#placed().get(normal(skill.path));
    if (placed === undefined) {
      throw new ToolError(
        `Cannot run scripts of skill "${skill.name}": its folder is none of a repository's current skills; ` +
          "look at skill_repos list",
      );
    }
    const { digest } = await this.#options.surfaces.read(placed.folder);
    if (await this.#options.trust.isTrusted({ kind: KIND, id: idOf(placed), digest })) return;
    const standing = await this.standing(placed);
    const isAllowed = await this.#options.trust.ask(await this.#question([standing]), call);
    if (!isAllowed) throw await this.#refusal(skill.name, standing);
    // it may have become another while the question was read
    const { surface } = await this.standing(placed);
    if (surface.digest === standing.surface.digest) return;
    throw new ToolError(`Cannot run scripts of skill "${skill.name}": its files changed after they were allowed`);
  }

  /** Tells how a skill stands, by its files as they are now. */
  async standing(placed: PlacedSkill, entries?: ReadonlyMap<string, TrustEntry>): Promise<SkillStanding> {
    const surface = await this.#options.surfaces.read(placed.folder);
    const id = idOf(placed);
    const allowed = (entries ?? await this.entries(placed.repository)).get(id);
    const isTrusted = allowed !== undefined && (allowed.digest === undefined || allowed.digest === surface.digest);
    const status = isTrusted ? "trusted" : !canRun(surface) ? "no_scripts" : allowed ? "changed" : "untrusted";
    return { ...placed, surface, allowed, status };
  }

  /** Tells how many skills stand. */
  async standings(placed: readonly PlacedSkill[]): Promise<readonly SkillStanding[]> {
    const [first] = placed;
    if (first === undefined) return [];
    const entries = await this.entries(first.repository);
    const found: SkillStanding[] = [];
    for (let at = 0; at < placed.length; at += BATCH) {
      found.push(...await Promise.all(placed.slice(at, at + BATCH).map((it) => this.standing(it, entries))));
    }
    return found;
  }

  /** Gives the skills of a repository with their folders; none while its checkout is not here. */
  place(repository: Repository): readonly PlacedSkill[] {
    const folder = repository.isPresent ? this.#options.repositories.folder(repository.name) : undefined;
    if (folder === undefined) return [];
    return repository.skills.map((skill) => ({ repository, skill, folder: at(folder, skill.path) }));
  }

  /** Gives what is remembered of the skills of a repository, by their ids. */
  async entries({ url }: Pick<Repository, "url">): Promise<ReadonlyMap<string, TrustEntry>> {
    const all = await this.#options.trust.list();
    return new Map(all.filter((it) => it.kind === KIND && it.id.startsWith(`${url}#`)).map((it) => [it.id, it]));
  }

  /** Asks the person behind a call about skills of one repository, all in one question; tells whether all are trusted. */
  async ask(standings: readonly SkillStanding[], call: Call): Promise<boolean> {
    return standings.length === 0 || await this.#options.trust.ask(await this.#question(standings), call);
  }

  /** Remembers that a person allowed skills of one repository, as they were looked at. */
  async allow(standings: readonly SkillStanding[]): Promise<void> {
    const [first] = standings;
    if (first === undefined) return;
    await this.#options.trust.trust({ kind: KIND, id: first.repository.url, parts: standings.map(partOf) });
  }

  /** Forgets what was allowed of a repository, or of one skill of it; gives of how many. */
  async revoke({ url }: Pick<Repository, "url">, path?: string): Promise<number> {
    const ids = path === undefined ? [...(await this.entries({ url })).keys()] : [`${url}#${path}`];
    const known = await this.entries({ url });
    const parts = ids.filter((id) => known.has(id)).map((id): TrustPart => ({ id }));
    if (parts.length > 0) await this.#options.trust.revoke({ kind: KIND, id: url, parts });
    return parts.length;
  }

  /**
   * Tells whether something of a repository was allowed in a commit, so that it is shown what changed since.
   *
   * @param commit Its id, or the beginning of it that names its checkout.
   */
  async needs(repository: Pick<Repository, "url">, commit: string): Promise<boolean> {
    return [...(await this.entries(repository)).values()].some(({ version }) => version?.startsWith(commit));
  }

  /** Has what an update left as it was allowed count as allowed in the commit that is there now. */
  async renew(repository: Repository): Promise<void> {
    const entries = await this.entries(repository);
    if (entries.size === 0) return;
    const older = this.place(repository).filter((it) => {
      const entry = entries.get(idOf(it));
      return entry !== undefined && entry.version !== repository.commit;
    });
    const same = (await this.standings(older)).filter(({ status, allowed }) => {
      return status === "trusted" && allowed?.digest !== undefined;
    });
    if (same.length > 0) await this.#options.trust.renew({ kind: KIND, id: repository.url, parts: same.map(partOf) });
  }

  /** Compares a skill with what was allowed of it; `undefined` where that is not known any more. */
  async difference(
    { repository, skill, folder, surface, allowed }: SkillStanding,
  ): Promise<SkillDifference | undefined> {
    if (allowed?.version === undefined) return undefined;
    const root = this.#options.repositories.folder(repository.name, allowed.version);
    if (root === undefined) return undefined;
    const before = { folder: at(root, skill.path), surface: undefined as Surface | undefined };
    try {
      before.surface = await this.#options.surfaces.read(before.folder);
    } catch (thrown) {
      if (!isToolError(thrown)) throw thrown;
    }
    // what is not as it was allowed says nothing of that
    if (before.surface?.digest !== allowed.digest || before.surface === undefined) return undefined;
    return await compareSkills({ folder: before.folder, surface: before.surface }, { folder, surface });
  }

  /** Says what a person has to know of a skill to decide. */
  async describe(standing: SkillStanding, options: { readonly mostLines?: number } = {}): Promise<readonly string[]> {
    const { allowed, surface, status } = standing;
    const difference = status === "changed" ? await this.difference(standing) : undefined;
    if (difference === undefined) {
      const note = status === "changed" ? ["it is not what was allowed before, which is not here to compare"] : [];
      return [...note, ...describeSurface(surface)];
    }
    const since = `changed since commit ${allowed?.version?.slice(0, 12)}, which was allowed:`;
    return [since, ...describeDifference(withoutDocuments(difference), options)];
  }

  #placed(): ReadonlyMap<string, PlacedSkill> {
    return this.#places ??= new Map(
      this.#options.repositories.list().flatMap((it) => this.place(it)).map((it) => [normal(it.folder.path), it]),
    );
  }

  async #question(standings: readonly SkillStanding[]): Promise<TrustSubject> {
    const [first] = standings;
    if (first === undefined) throw new TypeError("a question is about something");
    const { name, url, commit } = first.repository;
    const whence = `of the repository "${name}" at commit ${commit.slice(0, 12)}`;
    if (standings.length === 1) {
      const description = `Scripts of the skill ${shownName(JSON.stringify(first.skill.name))} ${whence} then run`;
      return { kind: KIND, ...partOf(first), description, details: await this.describe(first) };
    }
    const details: string[] = [];
    for (const standing of standings.slice(0, MOST_SKILLS)) {
      if (details.length >= MOST_LINES) break;
      const lines = await this.describe(standing, { mostLines: 20 });
      details.push(`${shownName(standing.skill.name)} (${standing.status}):`, ...lines.map((line) => `  ${line}`));
    }
    const told = details.slice(0, MOST_LINES);
    const parts = standings.map(partOf);
    const names = standings.slice(MOST_SKILLS, 5 * MOST_SKILLS).map(({ skill }) => shownName(skill.name));
    if (names.length > 0) told.push(`and more, ${standings.length} in all: ${names.join(", ")}, …`);
    return {
      kind: KIND,
      id: url,
      digest: await sha256(JSON.stringify(parts)),
      description: `Scripts of ${standings.length} skills ${whence} then run`,
      details: told,
      parts,
    };
  }

  async #refusal(name: string, standing: SkillStanding): Promise<ToolError> {
    const { repository, skill, status } = standing;
    const why = status === "changed" ? "they are not what somebody allowed before" : "nobody has allowed them";
    const words = [
      `Cannot run scripts of skill "${name}": it is of the repository ${repository.url}, and ${why}. Whoever uses this ` +
      `machine allows them by "${trustCommand(repository.name, skill.path || ".")}", or when asked by skill_repos ` +
      "trust, in a client that can ask",
      ...await this.describe(standing),
    ];
    return new ToolError(words.join("\n"), { data: { code: "SKILL_UNTRUSTED", repository: repository.name, status } });
  }
}

/** Names a skill among all that is trusted: by where it comes from, whatever its repository is called here. */
function idOf({ repository, skill }: Pick<PlacedSkill, "repository" | "skill">): string {
  return `${repository.url}#${skill.path}`;
}

function partOf({ repository, skill, surface }: SkillStanding): TrustPart {
  return { id: idOf({ repository, skill }), digest: surface.digest, version: repository.commit };
}

function withoutDocuments(difference: SkillDifference): SkillDifference {
  return { ...difference, files: difference.files.filter(({ isDocument }) => !isDocument) };
}

function at(folder: Folder, path: string): Folder {
  return path === "" ? folder : folder.at(path);
}

function normal(path: string): string {
  return path.replaceAll("\\", "/");
}

function isWithin(path: string, root: string): boolean {
  return normal(path) === normal(root) || normal(path).startsWith(`${normal(root)}/`);
}
