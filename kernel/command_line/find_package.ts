/**
 * Finds the module of a package as `import` would from a given folder. The runtimes do this only from the place of the
 * module that asks.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObject } from "../content.ts";
import { isAbsent } from "../platform/real_path.ts";

const PACKAGE_REGEXP = /^((?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)(\/.*)?$/i;

/** Conditions of `exports` that hold, whatever their order there. */
const CONDITIONS: ReadonlySet<string> = new Set(["import", "node", "module-sync", "default"]);

/**
 * Finds the file of a package in the `node_modules` of a folder or of those above it.
 *
 * Source: the resolution algorithm of Node's ECMAScript modules, without patterns.
 */
export async function findPackage(specifier: string, folder: string): Promise<string | undefined> {
  const [, name, rest = ""] = PACKAGE_REGEXP.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  for (let at = folder;; at = dirname(at)) {
    const root = join(at, "node_modules", name);
    const manifest = await readManifest(join(root, "package.json"));
    if (manifest !== undefined) {
      const target = findTarget(manifest, `.${rest}`);
      return target === undefined ? undefined : join(root, target);
    }
    if (dirname(at) === at) return undefined;
  }
}

async function readManifest(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(manifest) ? manifest : {};
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function findTarget(manifest: Record<string, unknown>, path: string): string | undefined {
  const { exports, main } = manifest;
  if (exports === undefined || exports === null) {
    if (path !== ".") return path;
    return typeof main === "string" ? main : "index.js";
  }
  const isMap = isObject(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  return pickCondition(isMap ? exports[path] : path === "." ? exports : undefined);
}

function pickCondition(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const alternatives = Array.isArray(target)
    ? target
    : isObject(target)
    ? Object.entries(target).filter(([condition]) => CONDITIONS.has(condition)).map(([, value]) => value)
    : [];
  for (const alternative of alternatives) {
    const found = pickCondition(alternative);
    if (found !== undefined) return found;
  }
  return undefined;
}
