/**
 * The arrows of import: which part of the source may know which other.
 *
 * @module
 */
import { isBuiltin } from "node:module";
import type { Import } from "./module_graph.ts";

/** One part of the source, and what its files may import. */
interface Part {
  readonly name: string;
  /** Matches the paths of its files; the first part that matches is meant. */
  readonly files: RegExp;
  /** Matches the files that it may import, beside those of the same part. */
  readonly imports: RegExp;
  /** Which packages it may import: those for schemas, those that package.json depends on, or Node's modules too. */
  readonly packages: "schemas" | "dependencies" | "node";
}

const SCHEMA_PACKAGES: ReadonlySet<string> = new Set([
  "@cfworker/json-schema",
  "@valibot/to-json-schema",
  "re2js",
  "valibot",
]);
const NOTHING = /^$/;
const TESTING_PACKAGES: ReadonlySet<string> = new Set(["node:test", "node:assert", "node:assert/strict"]);

const PARTS: readonly Part[] = [
  {
    name: "mod.ts",
    files: /^mod\.ts$/,
    imports: /^(kernel\/|plugins\/(mod|[^/]+\/(mod|contract))\.ts$)/,
    packages: "node",
  },
  { name: "edge entry", files: /^kernel\/edge\.ts$/, imports: /^kernel\//, packages: "schemas" },
  {
    name: "suites",
    files: /^(kernel|plugins)\/(.+\/)?(\w+_)?suites?(_tools)?\.ts$/,
    imports: /^(kernel|plugins)\//,
    packages: "node",
  },
  { name: "testing", files: /^kernel\/testing(\.ts$|\/)/, imports: /^kernel\//, packages: "dependencies" },
  { name: "platform", files: /^kernel\/platform\//, imports: /^kernel\/[^/]+\.ts$/, packages: "node" },
  {
    name: "stdio",
    files: /^kernel\/transports\/stdio(_lines)?\.ts$/,
    imports: /^kernel\/([^/]+|transports\/[^/]+)\.ts$/,
    packages: "node",
  },
  { name: "transports", files: /^kernel\/transports\//, imports: /^kernel\/[^/]+\.ts$/, packages: "dependencies" },
  { name: "command line", files: /^kernel\/command_line\//, imports: /^kernel\//, packages: "node" },
  { name: "kernel core", files: /^kernel\//, imports: NOTHING, packages: "schemas" },
  {
    name: "list of plugins",
    files: /^plugins\/[^/]+\.ts$/,
    imports: /^(kernel\/mod\.ts|plugins\/[^/]+\/mod\.ts)$/,
    packages: "schemas",
  },
  {
    name: "skills for embedders",
    files: /^plugins\/skills\/(embed|results\/script_process|server\/host)\.ts$/,
    imports: /^(kernel\/|plugins\/[^/]+\/(mod|contract)\.ts$)/,
    packages: "node",
  },
  {
    name: "plugin",
    files: /^plugins\//,
    imports: /^(kernel\/mod\.ts|plugins\/[^/]+\/contract\.ts)$/,
    packages: "dependencies",
  },
];

function partOf(path: string): Part | undefined {
  return PARTS.find(({ files }) => files.test(path));
}

/** Gives the plugin that a file belongs to: its folder's name. */
function pluginOf(path: string): string | undefined {
  return /^plugins\/([^/]+)\//.exec(path)?.[1];
}

function isPackageAllowed(part: Part, specifier: string, dependencies: ReadonlySet<string>): boolean {
  if (isBuiltin(specifier)) {
    return part.packages === "node" || (part.name === "testing" && TESTING_PACKAGES.has(specifier));
  }
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return part.packages === "schemas" ? SCHEMA_PACKAGES.has(name) : dependencies.has(name);
}

/**
 * Finds the imports that cross a boundary.
 *
 * @param imports What the source imports.
 * @param dependencies Names of the packages that the npm package depends on.
 * @returns one line for each offence.
 */
export function findOffences(imports: readonly Import[], dependencies: ReadonlySet<string>): string[] {
  const offences: string[] = [];
  for (const { from, to, isPackage } of imports) {
    const part = partOf(from);
    if (part === undefined) continue;
    if (isPackage) {
      if (!isPackageAllowed(part, to, dependencies)) {
        offences.push(`${from}: ${part.name} may not import "${to}", only ${describePackages(part)}`);
      }
      continue;
    }
    const plugin = pluginOf(from);
    const isInside = plugin === undefined ? partOf(to) === part : pluginOf(to) === plugin;
    if (!isInside && !part.imports.test(to)) offences.push(`${from}: ${part.name} may not import ${to}`);
  }
  return offences;
}

function describePackages(part: Part): string {
  switch (part.packages) {
    case "schemas":
      return [...SCHEMA_PACKAGES].join(" and ");
    case "dependencies":
      return 'the "dependencies" of package.json';
    case "node":
      return 'the "dependencies" of package.json and the modules of Node by their "node:" names';
  }
}
