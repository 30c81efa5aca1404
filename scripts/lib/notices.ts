/**
 * The licences of the packages inside a bundle, which must travel with it.
 *
 * @module
 */
import type { Metafile } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRepository } from "./repository.ts";

const PACKAGE_REGEXP = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE_REGEXP = /^(licen[cs]e|copying|notice)/i;

/** Gives the text of one package: its name, version and licence. */
function noticeOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((name) => LICENCE_REGEXP.test(name)).sort();
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8").trim());
  const head = `${manifest.name} ${manifest.version} (${manifest.license ?? "licence not stated"})`;
  return [head, ...texts].join("\n\n");
}

/** Gathers the notices of all packages that bundles contain. */
export function collectNotices(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(inputs.flatMap((path) => PACKAGE_REGEXP.exec(path)?.[1] ?? []));
  const notices = [...folders].sort().map((folder) => noticeOf(inRepository(folder)));
  return `Collet contains the following packages.\n\n${notices.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
