/**
 * What `doctor` says of the repositories of skills.
 *
 * @module
 */
import type { Finding } from "../../kernel/mod.ts";
import type { Repositories } from "./repositories.ts";
import { countSkills, someOf } from "./wording.ts";

/** Looks whether every repository that is known is here. */
export function checkRepositories(repositories: Pick<Repositories, "list" | "problem">): Finding {
  const { problem } = repositories;
  if (problem !== undefined) return { ok: false, detail: problem, remedy: "Mend that file, or remove it" };
  const all = repositories.list();
  const absent = all.filter(({ isPresent }) => !isPresent).map(({ name }) => name);
  if (absent.length > 0) {
    return { ok: false, detail: `not on this machine: ${someOf(absent)}`, remedy: "Run collet skill_repos install" };
  }
  const skills = all.reduce((sum, it) => sum + it.skills.length, 0);
  const detail = all.length === 0 ? "none" : `${someOf(all.map(({ name }) => name))}: ${countSkills(skills)}`;
  return { ok: true, detail };
}
