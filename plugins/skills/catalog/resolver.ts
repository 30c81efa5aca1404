/**
 * Dependencies between skills: their order, what is missing, and cycles.
 *
 * @module
 */
import type { Diagnostic } from "../format/diagnostics.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import { SkillValueError } from "./errors.ts";

/** Most names of a cycle that a message writes out. */
const SHOWN = 10;

/** What {@linkcode resolveDependencies} does, as messages say it. */
const ORDER = "order the skills";

/** What the order depends on. */
export interface Dependent {
  readonly name: string;
  /** Names of the skills that it needs. */
  readonly depends: readonly string[];
}

/** What {@linkcode resolveDependencies} can be given beside the skills. */
export interface ResolveOptions {
  /** Is told of what is unusual and no error: two skills of one name. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
}

/**
 * Orders skills such that each comes after those that it depends on, and otherwise as they come. Source of the algorithm:
 * Kahn, "Topological sorting of large networks", 1962, with a queue.
 *
 * @throws {SkillValueError} `DEPENDENCY_MISSING` or `DEPENDENCY_CYCLE`.
 */
export function resolveDependencies<T extends Dependent = SkillMetadata>(
  skills: readonly T[],
  options: ResolveOptions = {},
): T[] {
  const places = placesByName(skills);
  for (const skill of skills) {
    const dependency = skill.depends.find((name) => !places.has(name));
    if (dependency !== undefined) throw missingDependency(skill.name, { dependency, action: ORDER });
  }
  for (const [name, same] of places) {
    if (same.length > 1) options.onDiagnostic?.(duplicateName(name, same.length));
  }
  const { order, waiting } = sort(skills, places);
  if (order.length < skills.length) throw cyclicDependency(findCycle(skills, { places, waiting }), ORDER);
  return order.map((place) => skills[place]!);
}

/** Lists a message for each dependency that no skill has the name of; cycles are not looked for. */
export function validateDependencies<T extends Dependent = SkillMetadata>(skills: readonly T[]): string[] {
  const names = new Set(skills.map((skill) => skill.name));
  return skills.flatMap((skill) =>
    [...new Set(skill.depends)].filter((name) => !names.has(name)).map((name) => describeMissing(skill.name, name))
  );
}

/**
 * Lists the names of all skills that one depends on, directly or by others, those first that others need. A name that no
 * skill has depends on nothing.
 *
 * @throws {SkillValueError} `DEPENDENCY_MISSING` or `DEPENDENCY_CYCLE`.
 */
export function expandTransitiveDependencies<T extends Dependent = SkillMetadata>(
  skills: readonly T[],
  skillName: string,
): string[] {
  const byName = new Map<string, T>();
  for (const skill of skills) if (!byName.has(skill.name)) byName.set(skill.name, skill);
  const root = byName.get(skillName);
  return root === undefined ? [] : collectDependencies(root, (name) => byName.get(name)).map((skill) => skill.name);
}

/**
 * Collects what one depends on, directly or by others, those first that others need.
 *
 * @param options.action What it is collected for, as messages say it: `load skill "x"`; to list it by default.
 * @throws {SkillValueError} `DEPENDENCY_MISSING` or `DEPENDENCY_CYCLE`.
 */
export function collectDependencies<T extends Dependent>(
  root: T,
  find: (name: string) => T | undefined,
  { action = `list what skill "${root.name}" depends on` }: { readonly action?: string } = {},
): T[] {
  const done = new Set<T>();
  // a chain may be as long as there are skills, so it is no recursion
  const path: { readonly skill: T; next: number }[] = [{ skill: root, next: 0 }];
  const isOnPath = new Set<T>([root]);
  for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
    const name = step.skill.depends[step.next++];
    if (name === undefined) {
      path.pop();
      isOnPath.delete(step.skill);
      done.add(step.skill);
      continue;
    }
    const dependency = find(name);
    if (dependency === undefined) throw missingDependency(step.skill.name, { dependency: name, action });
    if (isOnPath.has(dependency)) {
      const names = path.map(({ skill }) => skill.name);
      const cycle = [...names.slice(path.findIndex(({ skill }) => skill === dependency)), dependency.name];
      throw cyclicDependency(cycle, action);
    }
    if (done.has(dependency)) continue;
    path.push({ skill: dependency, next: 0 });
    isOnPath.add(dependency);
  }
  done.delete(root);
  return [...done];
}

/** Writes a cycle as `a → b → a`; of a long one its beginning and its end. */
export function describeCycle(cycle: readonly string[]): string {
  if (cycle.length <= SHOWN) return cycle.join(" → ");
  return `${cycle.slice(0, SHOWN - 2).join(" → ")} → … (${cycle.length - SHOWN + 1} more) → ${cycle.at(-1)}`;
}

function describeMissing(skill: string, dependency: string): string {
  return `Skill "${skill}" depends on "${dependency}", which was not found`;
}

function missingDependency(
  skill: string,
  { dependency, action }: { readonly dependency: string; readonly action: string },
): SkillValueError {
  const message = `Cannot ${action}: skill "${skill}" depends on "${dependency}", which was not found; ` +
    "add that skill to a search path, or leave out the dependency";
  return new SkillValueError("DEPENDENCY_MISSING", message, { skill, dependency });
}

function cyclicDependency(cycle: readonly string[], action: string): SkillValueError {
  const message = `Cannot ${action}: skills depend on each other in a circle: ${describeCycle(cycle)}; ` +
    "leave out one of these dependencies";
  return new SkillValueError("DEPENDENCY_CYCLE", message, { skill: cycle[0], cycle });
}

function duplicateName(name: string, count: number): Diagnostic {
  const message = `${count} skills have the name "${name}"; what depends on it comes after all of them`;
  return { severity: "warning", file: "SKILL.md", rule: "name-duplicate", message, remedy: "Give each its own name" };
}

function placesByName(skills: readonly Dependent[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  skills.forEach(({ name }, place) => {
    const same = places.get(name);
    if (same === undefined) places.set(name, [place]);
    else same.push(place);
  });
  return places;
}

/** Sorts places; `waiting` counts for each what it still waits for, which is nothing unless there is a cycle. */
function sort(
  skills: readonly Dependent[],
  places: ReadonlyMap<string, readonly number[]>,
): { order: number[]; waiting: number[] } {
  const waiting = skills.map(() => 0);
  const dependents = new Map<number, number[]>();
  skills.forEach(({ depends }, place) => {
    for (const dependency of new Set(depends.flatMap((name) => places.get(name) ?? []))) {
      waiting[place]!++;
      const waiters = dependents.get(dependency);
      if (waiters === undefined) dependents.set(dependency, [place]);
      else waiters.push(place);
    }
  });
  const order = [...waiting.keys()].filter((place) => waiting[place] === 0);
  // grows while it is read: it is the queue
  for (const place of order) {
    for (const dependent of dependents.get(place) ?? []) if (--waiting[dependent]! === 0) order.push(dependent);
  }
  return { order, waiting };
}

/** Follows what waits until it comes round; the cycle begins with that of its skills that comes first. */
function findCycle(
  skills: readonly Dependent[],
  { places, waiting }: { places: ReadonlyMap<string, readonly number[]>; waiting: readonly number[] },
): string[] {
  const seen = new Map<number, number>();
  const path: number[] = [];
  let place = waiting.findIndex((count) => count > 0);
  while (!seen.has(place)) {
    seen.set(place, path.length);
    path.push(place);
    place = skills[place]!.depends.flatMap((name) => places.get(name) ?? []).find((it) => waiting[it]! > 0)!;
  }
  const cycle = path.slice(seen.get(place));
  const first = cycle.indexOf(cycle.reduce((least, it) => Math.min(least, it)));
  return [...cycle.slice(first), ...cycle.slice(0, first), cycle[first]!].map((it) => skills[it]!.name);
}
