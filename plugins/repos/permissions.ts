/**
 * How the scripts of repositories are allowed, and no longer allowed.
 *
 * @module
 */
import { type Call, ToolError } from "../../kernel/mod.ts";
import { findRepository, findSkill } from "./finding.ts";
import { allowedReport, isWaiting, nothingToAllow, type Report } from "./reports.ts";
import type { Repositories } from "./repositories.ts";
import type { SkillStanding, Trusting } from "./trusting.ts";
import { countSkills, howToTrust, shownName, someOf } from "./wording.ts";

/** What {@linkcode Permissions} work with. */
export interface PermissionsOptions {
  readonly repositories: Pick<Repositories, "get" | "list" | "problem">;
  readonly trusting: Trusting;
}

/** Most skills that are described when they are allowed together. */
const MOST_DESCRIBED = 20;

/** What is allowed of repositories, all at once or skill by skill. */
export class Permissions {
  readonly #options: PermissionsOptions;

  constructor(options: PermissionsOptions) {
    this.#options = options;
  }

  /** Asks the person behind a call to allow the scripts of a repository, or of one skill. */
  async ask(name: string, { skill }: { readonly skill?: string | undefined }, call: Call): Promise<Report> {
    const waiting = await this.#waiting(name, skill);
    if (waiting.length === 0) return nothingToAllow(name);
    const { trusting } = this.#options;
    if (await trusting.ask(waiting, call)) return allowedReport(name, waiting);
    const names = waiting.map((it) => it.skill.name);
    const why = `Not allowed: scripts of ${countSkills(names.length)} of repo '${name}': ${someOf(names)}`;
    const [only] = waiting;
    const details = waiting.length === 1 && only ? await trusting.describe(only) : [];
    return {
      lines: [`${why}; ${howToTrust(name, skill)}`, ...details],
      data: { name, trusted: { count: 0, skills: [] }, untrusted: { count: names.length, skills: names.slice(0, 50) } },
      isError: true,
    };
  }

  /** Allows the scripts of a repository, or of one skill, as a person says who is there. */
  async allow(name: string, { skill }: { readonly skill?: string | undefined }): Promise<Report> {
    const waiting = await this.#waiting(name, skill);
    if (waiting.length === 0) return nothingToAllow(name);
    const { trusting } = this.#options;
    const lines: string[] = [];
    for (const it of waiting.slice(0, MOST_DESCRIBED)) {
      lines.push(`${shownName(it.skill.name)}:`, ...(await trusting.describe(it)).map((line) => `  ${line}`));
    }
    if (waiting.length > MOST_DESCRIBED) lines.push(`… and ${waiting.length - MOST_DESCRIBED} more skills`);
    await trusting.allow(waiting);
    const report = allowedReport(name, waiting);
    return { ...report, lines: [...lines, ...report.lines] };
  }

  /** Takes back what was allowed of a repository, or of one skill. */
  async revoke(name: string, { skill }: { readonly skill?: string | undefined }): Promise<Report> {
    const { repositories, trusting } = this.#options;
    const repository = findRepository(repositories, name, "untrust");
    const path = skill === undefined ? undefined : findSkill(repository, skill).path;
    const revoked = await trusting.revoke(repository, path);
    const lines = [
      revoked === 0
        ? "Nothing of it was allowed"
        : `${countSkills(revoked)} of repo '${name}' may run no scripts any more`,
    ];
    return { lines, data: { name, revoked } };
  }

  /** Gives the skills of a repository whose scripts wait to be allowed. */
  async #waiting(name: string, skill: string | undefined): Promise<readonly SkillStanding[]> {
    const { repositories, trusting } = this.#options;
    const repository = findRepository(repositories, name, "trust");
    if (!repository.isPresent) {
      throw new ToolError(
        `Cannot trust repo "${name}": its checkout is not on this machine; get it with skill_repos install`,
      );
    }
    const placed = trusting.place(repository);
    if (skill === undefined) return (await trusting.standings(placed)).filter(isWaiting);
    const { path } = findSkill(repository, skill);
    const named = await trusting.standings(placed.filter((it) => it.skill.path === path));
    // whoever names one may know of something to run in it that its files do not show
    return named.filter(({ status }) => status !== "trusted");
  }
}
