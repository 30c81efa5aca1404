/**
 * Which skills cannot be loaded as things stand, since a dependency is missing or they depend on each other in a circle.
 *
 * @module
 */
import type { Dependent } from "./resolver.ts";

/** Most missing names that are told of one skill; a hostile folder could make them as many as there are skills, for each. */
const MOST_MISSING = 20;

/** Why a skill cannot be loaded as things stand. */
export interface DependencyProblem {
  /** Names that no skill has, its own first. */
  readonly missing: readonly string[];
  /** A cycle that it is part of or depends on; the first name again at the end. */
  readonly cycle?: readonly string[];
}

/**
 * Finds the skills whose dependencies, direct or by others, are missing or form a cycle, in time proportional to their
 * number.
 */
export function findProblems<T extends Dependent>(
  skills: readonly T[],
  find: (name: string) => T | undefined,
): Map<T, DependencyProblem> {
  const problems = new Map<T, DependencyProblem>();
  const dependents = new Map<T, T[]>();
  const missing = new Map<T, Set<string>>();
  for (const skill of skills) {
    for (const name of skill.depends) {
      const dependency = find(name);
      if (dependency === undefined) pushTo(missing, skill, name);
      else if (dependents.has(dependency)) dependents.get(dependency)!.push(skill);
      else dependents.set(dependency, [skill]);
    }
  }
  spread(missing, dependents);
  for (const [skill, names] of missing) problems.set(skill, { missing: [...names] });
  const rest = skills.filter((skill) => !missing.has(skill));
  for (const [skill, cycle] of findCycles(rest, find)) problems.set(skill, { missing: [], cycle });
  return problems;
}

/** Parts skills in those whose dependencies are all there, and those that miss one, directly or by others. */
export function partMissing<T extends Dependent>(
  skills: readonly T[],
): { complete: T[]; incomplete: Map<T, string[]> } {
  const byName = new Map<string, T>();
  for (const skill of skills) if (!byName.has(skill.name)) byName.set(skill.name, skill);
  const incomplete = new Map<T, string[]>();
  for (const [skill, { missing }] of findProblems(skills, (name) => byName.get(name))) {
    if (missing.length > 0) incomplete.set(skill, [...missing]);
  }
  return { complete: skills.filter((skill) => !incomplete.has(skill)), incomplete };
}

/** Finds the skills that are part of a cycle or depend on one, and that cycle. */
function findCycles<T extends Dependent>(
  skills: readonly T[],
  find: (name: string) => T | undefined,
): Map<T, readonly string[]> {
  const state = new Map<T, readonly string[] | "clear">();
  for (const root of skills) {
    if (state.has(root)) continue;
    const path: { readonly skill: T; next: number; cycle?: readonly string[] }[] = [{ skill: root, next: 0 }];
    const places = new Map<T, number>([[root, 0]]);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const name = step.cycle === undefined ? step.skill.depends[step.next++] : undefined;
      if (name === undefined) {
        path.pop();
        places.delete(step.skill);
        state.set(step.skill, step.cycle ?? "clear");
        const below = path.at(-1);
        if (step.cycle !== undefined && below !== undefined) below.cycle = step.cycle;
        continue;
      }
      const dependency = find(name);
      const known = dependency === undefined ? "clear" : state.get(dependency);
      if (dependency === undefined || known === "clear") continue;
      const start = places.get(dependency);
      if (known !== undefined) step.cycle = known;
      else if (start !== undefined) {
        step.cycle = [...path.slice(start).map(({ skill }) => skill.name), dependency.name];
      } else {
        places.set(dependency, path.length);
        path.push({ skill: dependency, next: 0 });
      }
    }
  }
  return new Map([...state].filter((entry): entry is [T, readonly string[]] => entry[1] !== "clear"));
}

/** Adds what a skill misses to whoever depends on it. */
function spread<T>(missing: Map<T, Set<string>>, dependents: ReadonlyMap<T, readonly T[]>): void {
  const queue = [...missing.keys()];
  // grows while it is read
  for (const skill of queue) {
    for (const dependent of dependents.get(skill) ?? []) {
      const before = missing.get(dependent)?.size ?? 0;
      for (const name of missing.get(skill) ?? []) pushTo(missing, dependent, name);
      if ((missing.get(dependent)?.size ?? 0) > before) queue.push(dependent);
    }
  }
}

function pushTo<T>(sets: Map<T, Set<string>>, key: T, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else if (set.size < MOST_MISSING) set.add(value);
}
