/**
 * How repositories and their skills are found by what somebody calls them.
 *
 * @module
 */
import { didYouMean, ToolError } from "../../kernel/mod.ts";
import type { RepositorySkill } from "./checkout.ts";
import type { Repositories, Repository } from "./repositories.ts";

/**
 * Finds a repository.
 *
 * @param verb What is to be done with it, for the message.
 * @throws {ToolError} naming what is near, or saying why it is not known which there are.
 */
export function findRepository(
  repositories: Pick<Repositories, "get" | "list" | "problem">,
  name: string,
  verb: string,
): Repository {
  const repository = repositories.get(name);
  if (repository !== undefined) return repository;
  if (repositories.problem !== undefined) throw new ToolError(repositories.problem);
  const near = didYouMean(name, repositories.list().map((it) => it.name));
  throw new ToolError(
    `Cannot ${verb} repo "${name}": there is none of that name${near === "" ? "; see skill_repos list" : near}`,
  );
}

/**
 * Finds a skill of a repository, by its name before its folder.
 *
 * @throws {ToolError} naming what is near.
 */
export function findSkill({ name, skills }: Repository, skill: string): RepositorySkill {
  const found = skills.find((it) => it.name === skill) ?? skills.find((it) => isNamed(it, skill));
  if (found !== undefined) return found;
  const near = didYouMean(skill, skills.map((it) => it.name));
  throw new ToolError(`Cannot find skill "${skill}" in repo "${name}": there is none of that name${near}`);
}

/** Tells whether a skill is called so: by its name, its folder in the repository or the last part of that. */
export function isNamed({ name, path }: Pick<RepositorySkill, "name" | "path">, asked: string): boolean {
  return name === asked || path === asked || path.split("/").at(-1) === asked || (asked === "." && path === "");
}
