/**
 * The program of esbuild on this machine, and how it is asked to bundle a tool.
 *
 * @module
 */
import type { Environment, OwnPackages } from "../../../../kernel/mod.ts";
import { BUNDLE_GLOBAL } from "../../worker/bundle_global.ts";

/** Folder of the tool, in the working folder. */
export const TOOL_FOLDER = "tool";
/** What esbuild writes, in the working folder. */
export const BUNDLE_FILE = "bundle.js";
/** What esbuild says of its inputs, in the working folder. */
export const METAFILE = "metafile.json";

/** Files that are imported as text. */
const TEXT_ENDINGS: readonly string[] = ["txt", "md", "csv", "html", "css", "sql", "svg", "xml", "yaml", "yml"];

/** Options that decide what is in a bundle. */
export const BUNDLE_FLAGS: readonly string[] = [
  ...["--bundle", "--format=iife", `--global-name=${BUNDLE_GLOBAL}`, "--target=es2023", "--platform=neutral"],
  // what packages have for places without Node
  ...["--main-fields=browser,module,main", "--conditions=worker,browser"],
  ...['--define:process.env.NODE_ENV="production"', "--define:global=globalThis"],
  ...TEXT_ENDINGS.map((ending) => `--loader:.${ending}=text`),
  ...["--keep-names", "--legal-comments=none", "--charset=utf8"],
  // no settings of folders above
  "--tsconfig-raw={}",
];

/** How it tells what it did. */
export const REPORT_FLAGS: readonly string[] = [
  ...["--log-level=warning", "--log-limit=0", "--color=false"],
  ...["--abs-paths=metafile", `--metafile=../${METAFILE}`, `--outfile=../${BUNDLE_FILE}`],
];

const SYSTEMS = { linux: "linux", darwin: "darwin", windows: "win32" } as const;

/** Finds the program of esbuild; `undefined` when it is not installed. */
export async function findEsbuild(
  packages: OwnPackages,
  { os, architecture }: Pick<Environment, "os" | "architecture">,
): Promise<string | undefined> {
  if (os === "other" || architecture === "other") return undefined;
  const path = `@esbuild/${SYSTEMS[os]}-${architecture}/${os === "windows" ? "esbuild.exe" : "bin/esbuild"}`;
  return await packages.find(path, { of: "esbuild" });
}
