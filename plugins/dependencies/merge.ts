/**
 * Unites what several owners declare of Python's packages. What visibly contradicts is told with its owners, and nothing
 * is chosen; what only a resolver sees is left to it.
 *
 * @module
 */
import { isObject, isToolError, ToolError } from "../../kernel/mod.ts";
import { withoutCredentials } from "../sandbox/contract.ts";
import type { OwnedPackages, PackageSet } from "./contract.ts";
import { findContradiction } from "./python_versions.ts";
import { canonicalMarker, formatRequirement, parseRequirement, type Requirement } from "./requirements.ts";
import { normalizePackages } from "./words.ts";

const REQUIRES_REGEXP = /^(?:===|~=|==|!=|<=|>=|<|>)\s*v?\d[A-Za-z0-9.!+*_-]*$/;

/** A clause of versions, with whoever declares it. */
interface OwnedClause {
  readonly owner: string;
  readonly clause: string;
}

/** All requirements of one name under one marker. */
interface Group {
  readonly name: string;
  readonly marker: string | undefined;
  readonly extras: Set<string>;
  readonly clauses: OwnedClause[];
  readonly urls: { readonly owner: string; readonly url: string }[];
}

/**
 * Unites declarations.
 *
 * @returns Packages, sorted, each name once for each marker, and what versions of Python will do for all.
 * @throws {ToolError} naming the owner of a malformed requirement, or the owners of all contradictions.
 */
export function mergePackages(declarations: readonly OwnedPackages[]): Pick<PackageSet, "packages" | "requires"> {
  const groups = new Map<string, Group>();
  const nameless = new Set<string>();
  for (const { owner, packages } of declarations) {
    for (const word of readWords(owner, packages)) {
      const requirement = parseRequirement(word);
      // a path, or an address whose package is known when it is fetched
      if (requirement === undefined) nameless.add(word);
      else addTo(groups, { owner, requirement });
    }
  }
  const requires = declarations.flatMap(readRequires);
  const contradictions = [
    ...[...groups.values()].flatMap(contradictionsOf),
    ...describeClauses("Python", requires),
    ...settingsThatDiffer(declarations),
  ];
  if (contradictions.length > 0) throw contradicting(contradictions);
  const packages = [...[...groups.values()].map(uniteGroup), ...nameless].sort();
  const clauses = [...new Set(requires.map(({ clause }) => clause))].sort();
  return clauses.length > 0 ? { packages, requires: clauses.join(",") } : { packages };
}

// addresses are granted, or not, when the set is installed
function readWords(owner: string, packages: readonly string[]): readonly string[] {
  try {
    return normalizePackages({ language: "python", packages, allow: { direct: true } });
  } catch (error) {
    throw isToolError(error) ? new ToolError(`${error.message}; "${owner}" declares it`, { cause: error }) : error;
  }
}

function readRequires({ owner, requires = "" }: OwnedPackages): readonly OwnedClause[] {
  const clauses = requires.split(",").map((it) => it.trim()).filter((it) => it !== "");
  const odd = clauses.find((it) => !REQUIRES_REGEXP.test(it));
  if (odd !== undefined) {
    throw new ToolError(
      `Cannot read "requires-python" of "${owner}": ${JSON.stringify(odd.slice(0, 200))} is no clause such as ">=3.11"`,
    );
  }
  return clauses.map((it) => ({ owner, clause: it.replace(/\s+/g, "") }));
}

function addTo(
  groups: Map<string, Group>,
  { owner, requirement }: { readonly owner: string; readonly requirement: Requirement },
): void {
  const { name, extras, clauses, url } = requirement;
  const marker = requirement.marker === undefined ? undefined : canonicalMarker(requirement.marker);
  const key = JSON.stringify([name, marker]);
  const group = groups.get(key) ?? { name, marker, extras: new Set(), clauses: [], urls: [] };
  groups.set(key, group);
  extras.forEach((it) => group.extras.add(it));
  group.clauses.push(...clauses.map((clause) => ({ owner, clause })));
  if (url !== undefined) group.urls.push({ owner, url });
}

function uniteGroup({ name, marker, extras, clauses, urls: [direct] }: Group): string {
  return formatRequirement({
    name,
    extras: [...extras].sort(),
    clauses: [...new Set(clauses.map(({ clause }) => clause))].sort(),
    ...(direct !== undefined && { url: direct.url }),
    ...(marker !== undefined && { marker }),
  });
}

/** What one owner needs, for errors. */
interface Need {
  readonly owner: string;
  readonly need: string;
}

function contradictionsOf({ name, marker, clauses, urls }: Group): readonly string[] {
  const title = marker === undefined ? name : `${name} (where ${marker})`;
  const [direct, ...others] = urls;
  if (direct === undefined) return describeClauses(title, clauses);
  const address = ({ owner, url }: Group["urls"][number]) => ({ owner, need: `it from ${withoutCredentials(url)}` });
  const other = others.find(({ url }) => url !== direct.url);
  if (other !== undefined) return [describe(title, [address(direct), address(other)])];
  const [versions] = clauses;
  if (versions === undefined) return [];
  return [describe(title, [address(direct), { owner: versions.owner, need: versions.clause }])];
}

function describeClauses(title: string, clauses: readonly OwnedClause[]): readonly string[] {
  const found = findContradiction(clauses.map(({ clause }) => clause));
  if (found === undefined) return [];
  const [first, second] = found.map((index) => ({ owner: clauses[index]!.owner, need: clauses[index]!.clause }));
  return [describe(title, [first!, second!])];
}

function describe(title: string, [first, second]: readonly [Need, Need]): string {
  return first.owner === second.owner
    ? `${title}: "${first.owner}" needs ${first.need} and ${second.need}`
    : `${title}: "${first.owner}" needs ${first.need}, "${second.owner}" needs ${second.need}`;
}

// installers are given none of them; code that was written for one is still not to run as if for another
function settingsThatDiffer(declarations: readonly OwnedPackages[]): readonly string[] {
  const [first, ...others] = declarations.filter(({ uvSettings }) => uvSettings !== undefined);
  if (first === undefined) return [];
  return others.filter(({ uvSettings }) => textOf(uvSettings) !== textOf(first.uvSettings))
    .map(({ owner, uvSettings }) => {
      return `[tool.uv]: "${first.owner}" has ${shown(first.uvSettings)}, "${owner}" has ${shown(uvSettings)}`;
    });
}

function shown(settings: unknown): string {
  const text = withoutCredentials(textOf(settings));
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}

function textOf(value: unknown): string {
  return JSON.stringify(
    value,
    (_, it: unknown) => isObject(it) ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => a < b ? -1 : 1)) : it,
  );
}

function contradicting(contradictions: readonly string[]): ToolError {
  return new ToolError(
    ["Cannot unite the declared packages, change what one of them needs:", ...contradictions].join("\n- "),
  );
}
