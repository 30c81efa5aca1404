/**
 * Bundles a plugin that the runtime cannot import as it is: TypeScript on Node, and modules outside of any project
 * that has our packages.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildFailure, BuildOptions, Plugin as EsbuildPlugin } from "esbuild";
import { KernelError, messageOf } from "../errors.ts";
import { replaceFile } from "../platform/replace_file.ts";

/** Where bundles go, and what they find as "collet". */
export interface BundleOptions {
  /** Folder of the bundles. */
  readonly cache: string;
  /** URL of the program's main module. */
  readonly programUrl: string;
  /** Whether the runtime imports what is in any `node_modules` by itself; such packages stay outside. */
  readonly importsPackages: boolean;
}

/** Packages that a plugin gets from this installation, so that both use the same copy. */
const OURS_REGEXP = /^(?:collet|hono|valibot)(?:\/|$)/;
/** What the runtime imports by itself. */
const RUNTIME_REGEXP = /^(?:node|npm|jsr|https?|data|file):|\.node$/;

/** What esbuild writes when something in the bundle needs `require`; names of that kind in the plugin are changed then. */
const REQUIRING_REGEXP = /\btypeof require\b/;

/**
 * Bundles the module of a plugin into the cache.
 *
 * @param url A `file:` URL.
 * @returns The URL to import, which changes with the contents.
 * @throws {KernelError} `PLUGIN_UNLOADABLE` with each error and its place.
 */
export async function bundlePlugin(
  url: string,
  { cache, programUrl, importsPackages }: BundleOptions,
): Promise<string> {
  const file = fileURLToPath(url);
  const built = await build(file, {
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "es2022",
    logLevel: "silent",
    // files beside the plugin are found where the plugin is
    define: {
      "import.meta.url": JSON.stringify(url),
      "import.meta.filename": JSON.stringify(file),
      "import.meta.dirname": JSON.stringify(dirname(file)),
    },
    // those of Node, which has no "module"
    conditions: [],
    plugins: [giveOurs(programUrl), ...(importsPackages ? [leavePackages()] : [])],
  });
  const code = REQUIRING_REGEXP.test(built) ? requireFor(url) + built : built;
  const target = join(cache, `${hash(file)}.mjs`);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await replaceFile(target, code, 0o600);
  return `${pathToFileURL(target).href}?${hash(code)}`;
}

// a module has no `require`, which CommonJS packages in the bundle call for the modules of Node
function requireFor(url: string): string {
  return `import { createRequire as createRequire__ } from "node:module";\nconst require = createRequire__("${url}");\n`;
}

async function build(file: string, options: BuildOptions): Promise<string> {
  const esbuild = await import("esbuild").catch((thrown) => {
    throw new KernelError(
      "PLUGIN_UNLOADABLE",
      `Cannot load plugin "${file}": it must be bundled, and esbuild is absent`,
      {
        cause: thrown,
        fix: "install the package esbuild, or compile the plugin to JavaScript",
      },
    );
  });
  try {
    const { outputFiles = [] } = await esbuild.build(options);
    return outputFiles[0]?.text ?? "";
  } catch (thrown) {
    const details = ((thrown as Partial<BuildFailure>).errors ?? []).map(({ text, location }) =>
      location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`
    );
    throw new KernelError("PLUGIN_UNLOADABLE", `Cannot load plugin "${file}": it cannot be bundled`, {
      details: details.length === 0 ? [messageOf(thrown)] : details,
      fix: "correct the plugin",
    });
  } finally {
    await esbuild.stop();
  }
}

function giveOurs(programUrl: string): EsbuildPlugin {
  return {
    name: "collet",
    setup(build) {
      build.onResolve(
        { filter: RUNTIME_REGEXP },
        ({ path, kind }) => kind === "entry-point" ? undefined : { path, external: true },
      );
      build.onResolve({ filter: OURS_REGEXP }, ({ path }) => ({ path: resolveOurs(path, programUrl), external: true }));
    },
  };
}

// machine code and files beside a package are found only where the package is
function leavePackages(): EsbuildPlugin {
  return {
    name: "packages",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind === "entry-point" || pluginData === leavePackages) return undefined;
        const found = await build.resolve(path, { kind, resolveDir, pluginData: leavePackages });
        const isPackage = found.path.includes(`${sep}node_modules${sep}`) && !found.path.endsWith("ts");
        if (!isPackage) return undefined;
        // require() knows no URLs
        return { path: kind === "require-call" ? found.path : pathToFileURL(found.path).href, external: true };
      });
    },
  };
}

function resolveOurs(specifier: string, programUrl: string): string {
  if (specifier === "collet") return programUrl;
  if (specifier !== "collet/testing") return import.meta.resolve(specifier);
  return new URL(programUrl.endsWith(".ts") ? "./kernel/testing.ts" : "./testing.js", programUrl).href;
}

function hash(data: string): string {
  return createHash("sha256").update(data).digest("hex").slice(0, 16);
}
