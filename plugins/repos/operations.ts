/**
 * What can be done with repositories of skills, whoever asks: the tools or the command line.
 *
 * @module
 */
import { type Call, ToolError } from "../../kernel/mod.ts";
import type { Skills } from "../skills/contract.ts";
import { findChanges, reportChange } from "./changes.ts";
import { findRepository, isNamed } from "./finding.ts";
import { Permissions } from "./permissions.ts";
import type { Repositories, Repository, Updated } from "./repositories.ts";
import {
  moreLine,
  type Page,
  pageFields,
  type Report,
  reportAdded,
  repositoryData,
  repositoryLine,
  updatedData,
  updatedLines,
} from "./reports.ts";
import type { Surfaces } from "./surface.ts";
import type { PlacedSkill, SkillStanding, Trusting } from "./trusting.ts";
import { countSkills, howToTrust, shownName } from "./wording.ts";

/** What the operations work with. */
export interface OperationsOptions {
  readonly repositories: Repositories;
  readonly skills: Pick<Skills, "list" | "settle">;
  readonly trusting: Trusting;
  readonly surfaces: Surfaces;
  /** Takes over which checkouts there are. */
  sync(): Promise<void>;
}

/** Most skills whose permission an update tells of. */
const MOST_ASKED = 20;

/** The operations on all repositories. */
export class Operations {
  readonly #options: OperationsOptions;
  /** What is allowed of them. */
  readonly permissions: Permissions;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.permissions = new Permissions(options);
  }

  /** Adds a repository. */
  async add(request: { readonly url: string; readonly branch?: string | undefined }, call: Call): Promise<Report> {
    const added = await this.#options.repositories.add(request, call);
    await this.#settle();
    const { trusting } = this.#options;
    return reportAdded(added, await trusting.standings(trusting.place(added.repository)));
  }

  /** Lists the repositories, or the skills of one. */
  async list(name: string | undefined, page: Page): Promise<Report> {
    if (name !== undefined) return await this.#listSkills(this.#find(name, "list"), page);
    const { problem } = this.#options.repositories;
    const all = this.#options.repositories.list();
    if (all.length === 0 && problem !== undefined) throw new ToolError(problem);
    const shown = all.slice(page.offset, page.offset + page.limit);
    const counted = await Promise.all(
      shown.map(async (it) => [it, (await this.#options.trusting.entries(it)).size] as const),
    );
    const head = all.length === 0
      ? "There are no skill repositories; add one with add_skill_repo"
      : `${all.length} skill ${all.length === 1 ? "repository" : "repositories"}:`;
    return {
      lines: [
        head,
        ...counted.map((it) => repositoryLine(...it)),
        ...moreLine(all.length, page),
        ...(problem === undefined ? [] : [`As they were: ${problem}`]),
      ],
      data: { repositories: counted.map((it) => repositoryData(...it)), ...pageFields(all.length, page) },
    };
  }

  /** Updates one repository, or all that are not pinned. */
  async update(name: string | undefined, call: Call): Promise<Report> {
    if (name !== undefined) this.#find(name, "update");
    const updates = await this.#options.repositories.update(name, call);
    if (updates.length === 0) return { lines: ["There is nothing to update"], data: { updated: [] } };
    return await this.#reportUpdates(updates);
  }

  /** Fetches what the lock has and this machine has not: one repository, or all. */
  async install(name: string | undefined, call: Call): Promise<Report> {
    if (name !== undefined) this.#find(name, "install");
    const absent = new Set(this.#options.repositories.list().filter((it) => !it.isPresent).map((it) => it.name));
    const updates = await this.#options.repositories.install(call, name);
    if (updates.length === 0) return { lines: ["There are no skill repositories"], data: { updated: [] } };
    await this.#settle();
    const lines = updates.map(({ repository, problem }) =>
      problem === undefined
        ? `${absent.has(repository.name) ? "Installed" : "Already on this machine:"} repo '${repository.name}' at ${
          repository.commit.slice(0, 12)
        } with ${countSkills(repository.skills.length)}`
        : `Repo '${repository.name}' was not installed: ${problem}`
    );
    const isError = updates.every(({ problem }) => problem !== undefined);
    return { lines, data: { updated: updates.map(updatedData) }, ...(isError && { isError }) };
  }

  /** Pins a repository to a commit, that which it has by default, or takes the pin away. */
  async pin(
    name: string,
    to: { readonly commit?: string | undefined } | { readonly off: true },
    call: Call,
  ): Promise<Report> {
    const { commit } = this.#find(name, "pin");
    const target = "off" in to ? to : { commit: to.commit ?? commit };
    const updated = await this.#options.repositories.pin(name, target, call);
    const said = updated.repository.isPinned
      ? `Repo '${name}' is pinned to ${updated.repository.commit.slice(0, 12)}; updates leave it as it is`
      : `Repo '${name}' is no longer pinned; updates take what is new`;
    if (updated.isSame) return { lines: [said], data: { updated: [updatedData(updated)] } };
    const report = await this.#reportUpdates([updated]);
    return { ...report, lines: [said, ...report.lines] };
  }

  /** Removes a repository, and forgets what was allowed of it. */
  async remove(name: string, call: Call): Promise<Report> {
    const repository = this.#find(name, "remove");
    // first, so that nothing stays allowed of what may come again by this address
    const revoked = await this.#options.trusting.revoke(repository);
    await this.#options.repositories.remove(name, call);
    await this.#settle();
    const forgotten = revoked === 0 ? "" : `; what was allowed of ${countSkills(revoked)} is forgotten`;
    return {
      lines: [`Removed repo '${name}' with ${countSkills(repository.skills.length)}${forgotten}`],
      data: { name, url: repository.url, count: repository.skills.length, revoked },
    };
  }

  /** Says what an update would bring, skill by skill. */
  async diff(
    name: string,
    { skill, page }: { readonly skill?: string | undefined; readonly page: Page },
    call: Call,
  ): Promise<Report> {
    const repository = this.#find(name, "compare");
    await using peek = await this.#options.repositories.peek(name, call);
    const { surfaces, trusting } = this.#options;
    const changes = findChanges({ repository, peek, placed: trusting.place(repository) })
      .filter((it) => skill === undefined || isNamed(it, skill));
    const shown: Report[] = [];
    for (const change of changes.slice(page.offset, page.offset + page.limit)) {
      shown.push(await reportChange(change, surfaces));
    }
    const head = peek.isSame
      ? `Repo '${name}' is up to date at ${repository.commit.slice(0, 12)}`
      : `Repo '${name}' would go from ${repository.commit.slice(0, 12)} to ${peek.commit.slice(0, 12)}; ${
        countSkills(changes.length)
      } would be another`;
    const skills = shown.map(({ data }) => data);
    return {
      lines: [head, ...shown.flatMap(({ lines }) => lines), ...moreLine(changes.length, page)],
      data: {
        name,
        commit: repository.commit,
        next: peek.commit,
        is_same: peek.isSame,
        skills,
        ...pageFields(changes.length, page),
      },
    };
  }

  /** Completes the name of a repository while it is typed. */
  names(): readonly string[] {
    return this.#options.repositories.list().map(({ name }) => name);
  }

  async #listSkills(repository: Repository, page: Page): Promise<Report> {
    const { trusting, skills, repositories } = this.#options;
    const entries = await trusting.entries(repository);
    const placed = new Map(trusting.place(repository).map((it): [string, PlacedSkill] => [it.skill.path, it]));
    const known = new Map(skills.list().map(({ path, name }) => [path, name]));
    const shown: { name: string; path: string; status: string; known_as?: string }[] = [];
    for (const { name, path } of repository.skills.slice(page.offset, page.offset + page.limit)) {
      const at = placed.get(path);
      const status = at === undefined ? "not_here" : (await trusting.standing(at, entries)).status;
      const catalogName = at && known.get(at.folder.path);
      shown.push({ name, path, status, ...(catalogName !== undefined && { known_as: catalogName }) });
    }
    const lines = shown.map(({ name, status, known_as: as }) =>
      `  - ${shownName(name)} (${status.replaceAll("_", " ")}${
        as === undefined || as === name ? "" : `, known as ${shownName(as)}`
      })`
    );
    const { length } = repository.skills;
    const found = repositories.get(repository.name) ?? repository;
    return {
      lines: [repositoryLine(found, entries.size), ...lines, ...moreLine(length, page)],
      data: {
        repositories: [repositoryData(found, entries.size)],
        skills: shown,
        ...pageFields(length, page),
      },
    };
  }

  /** Tells of updates, and which skills have to be allowed again, with what is another in them. */
  async #reportUpdates(updates: readonly Updated[]): Promise<Report> {
    await this.#settle();
    const { trusting } = this.#options;
    const lines: string[] = [];
    const updated: object[] = [];
    for (const it of updates) {
      lines.push(...updatedLines(it));
      const again = it.isSame ? [] : await this.#again(it.repository);
      for (const standing of again.slice(0, MOST_ASKED)) {
        const described = await trusting.describe(standing, { mostLines: 20 });
        lines.push(
          `Scripts of ${shownName(standing.skill.name)} have to be allowed again:`,
          ...described.map((line) => `  ${line}`),
        );
      }
      if (again.length > 0) lines.push(`They run when they are allowed: ${howToTrust(it.repository.name)}`);
      const names = again.map(({ skill }) => skill.name);
      updated.push({ ...updatedData(it), asks_again: { count: names.length, skills: names.slice(0, 50) } });
    }
    const isError = updates.every(({ problem }) => problem !== undefined);
    return { lines, data: { updated }, ...(isError && { isError }) };
  }

  async #again(repository: Repository): Promise<readonly SkillStanding[]> {
    const { trusting } = this.#options;
    const entries = await trusting.entries(repository);
    const placed = trusting.place(repository).filter(({ skill }) => entries.has(`${repository.url}#${skill.path}`));
    return (await trusting.standings(placed)).filter(({ status }) => status === "changed");
  }

  async #settle(): Promise<void> {
    await this.#options.sync();
    await this.#options.skills.settle();
  }

  #find(name: string, verb: string): Repository {
    return findRepository(this.#options.repositories, name, verb);
  }
}
