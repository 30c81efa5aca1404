/**
 * Skills of projects that nobody has said to trust: a person is asked once, and models are told how many wait.
 *
 * @module
 */
import { type Call, isToolError, type JsonObject } from "../../../kernel/mod.ts";
import type { Trust } from "../../trust/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { Discovery } from "../discovery/found.ts";
import type { SkillFolders } from "../discovery/skill_folders.ts";

/** What {@linkcode WaitingSkills} works with; without folders nothing waits. */
export interface WaitingOptions {
  readonly catalog: Pick<SkillCatalog, "accept">;
  readonly folders?: Pick<SkillFolders, "current" | "refresh"> | undefined;
  readonly trust?: Pick<Trust, "ask"> | undefined;
}

/** A project whose skills wait. */
export interface WaitingProject {
  /** Real path. */
  readonly project: string;
  /** How many skills it seems to hold. */
  readonly skills: number;
}

/** Knows which skills wait for trust. */
export class WaitingSkills {
  readonly #options: WaitingOptions;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /**
   * Asks the person behind a call for each project that is not trusted, if the client can ask and nobody was asked yet.
   * The skills of those that are trusted then are in the catalog.
   *
   * @returns the projects that still wait.
   */
  async settle(call: Call): Promise<readonly WaitingProject[]> {
    const { catalog, folders } = this.#options;
    if (folders === undefined || folders.current().untrusted.length === 0) return [];
    // its listeners are told of what is found as well, and may not have got to it
    if (await this.#ask(projectsOf(folders.current()), call)) await catalog.accept(await folders.refresh());
    return projectsOf(folders.current());
  }

  /** Tells whether one of some projects is trusted now. */
  async #ask(projects: readonly WaitingProject[], call: Call): Promise<boolean> {
    let isTrusted = false;
    try {
      for (const { project, skills } of projects) {
        const description = `Its ${count(skills)} can then be found and loaded`;
        if (await this.#options.trust?.ask({ kind: "project", id: project, description }, call)) isTrusted = true;
      }
    } catch (thrown) {
      // what is known can be found though nobody can be asked
      if (call.signal.aborted || !isToolError(thrown)) throw thrown;
    }
    return isTrusted;
  }
}

/** Gives the projects whose skills wait, each once. */
export function projectsOf({ untrusted }: Discovery): readonly WaitingProject[] {
  const counts = new Map<string, number>();
  for (const { path, project = path, skills } of untrusted) {
    counts.set(project, (counts.get(project) ?? 0) + skills);
  }
  return Array.from(counts, ([project, skills]) => ({ project, skills }));
}

/** Says which skills wait, and what to do about it. */
export function waitingText(waiting: readonly WaitingProject[]): readonly string[] {
  return waiting.map(({ project, skills }) =>
    `${count(skills)} of the project ${project} ${skills === 1 ? "waits" : "wait"} until a person trusts it: ` +
    `\`collet skills trust ${JSON.stringify(project)}\``
  );
}

/** Gives the same as a field of structured content, where there is any. */
export function waitingField(waiting: readonly WaitingProject[]): JsonObject {
  return waiting.length === 0 ? {} : { waiting_for_trust: waiting };
}

function count(skills: number): string {
  return skills === 1 ? "1 skill" : `${skills} skills`;
}
