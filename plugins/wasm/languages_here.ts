/**
 * Which languages can be built here: what `doctor` asks, and `toolchains` tells.
 *
 * @module
 */
import type { Finding, Lazy, Probe } from "../../kernel/mod.ts";
import type { Builder } from "./build/builder.ts";
import { type CompileOptions, type Language, LANGUAGES } from "./build/compiler.ts";
import type { LanguageSummary } from "./build/toolchains_tool.ts";

/** Makes one probe a language. */
export function languageProbes(builder: Lazy<Builder>): readonly Probe[] {
  return LANGUAGES.map((language) => ({
    area: "wasm",
    name: language,
    check: (signal) => look(language, { builder, signal }),
  }));
}

async function look(
  language: Language,
  { builder, signal }: { readonly builder: Lazy<Builder>; readonly signal: AbortSignal },
): Promise<Finding> {
  const { toolchain, missing } = await (await builder.get()).language(language, { signal, report: () => {} });
  if (toolchain !== undefined) {
    const { title, target, fetches } = toolchain;
    return { ok: true, detail: `${title} for ${target}${fetches === undefined ? "" : `; fetches ${fetches} first`}` };
  }
  const { message = "no compiler was found", commands: [command] = [] } = missing ?? {};
  return { ok: false, detail: message, ...(command !== undefined && { remedy: command }) };
}

/** Tells of all languages what builds them here, or what would. */
export async function summarizeLanguages(
  builder: Lazy<Builder>,
  options: CompileOptions,
): Promise<readonly LanguageSummary[]> {
  const states = await (await builder.get()).languages(options);
  return states.map(({ language, toolchain, missing }) => {
    if (toolchain === undefined) return { language, missing: missing?.message, commands: [...missing?.commands ?? []] };
    const { title, fetches } = toolchain;
    return { language, compiler: title, ...(fetches !== undefined && { fetches }) };
  });
}
