// deno-lint-ignore-file no-process-global -- it runs on Node, before the script
/**
 * Lets `import` find packages in the folders of `NODE_PATH`, as `require` does: Node looks there for CommonJS alone. A
 * specifier that Node finds by itself is never touched.
 *
 * It is given to Node by `--import`, and is its own hook where hooks run on a thread of their own (before Node 23.5 and
 * 22.15).
 *
 * @module
 */
import * as module from "node:module";
import { delimiter, resolve as resolvePath } from "node:path";
import { pathToFileURL } from "node:url";

/** A name of a package: neither a path, nor a URL such as `node:fs`, nor `#private`. */
const PACKAGE_REGEXP = /^(?![./\\#]|[A-Za-z][A-Za-z0-9+.-]*:)./;

// Node looks in `node_modules` beside whoever imports, so each import is tried as if it came from there
const importers = (process.env.NODE_PATH ?? "").split(delimiter)
  .filter((folder) => folder !== "")
  .map((folder) => pathToFileURL(resolvePath(folder, "..", "_")).href);

function isMissing(error, specifier) {
  return error?.code === "ERR_MODULE_NOT_FOUND" && PACKAGE_REGEXP.test(specifier);
}

/** The hook for `module.register`. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    for (const parentURL of importers) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch (other) {
        if (!isMissing(other, specifier)) throw other;
      }
    }
    throw error;
  }
}

/** The same for `module.registerHooks`. */
function resolveSync(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    for (const parentURL of importers) {
      try {
        return next(specifier, { ...context, parentURL });
      } catch (other) {
        if (!isMissing(other, specifier)) throw other;
      }
    }
    throw error;
  }
}

// threads that a script starts come here as well; the thread of the hooks loads this file by its other name
const HOOKS = "?hooks";
if (!import.meta.url.endsWith(HOOKS)) {
  if (typeof module.registerHooks === "function") module.registerHooks({ resolve: resolveSync });
  else if (typeof module.register === "function") module.register(`${import.meta.url}${HOOKS}`);
}
