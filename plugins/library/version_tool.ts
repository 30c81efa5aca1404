/**
 * The tool `version`: lists, describes, compares, restores and prunes the versions of a tool.
 *
 * @module
 */
import * as v from "valibot";
import { type Call, type PluginContext, rankCompletions, ToolError, toolResult } from "../../kernel/mod.ts";
import type { Manifest, ToolLibrary, VersionEntry } from "./contract.ts";
import { digestOf, listCode } from "./digest.ts";
import { DAY_MS } from "./trash.ts";
import { type ComparedVersion, diffText, diffVersions } from "./version_diff.ts";
import { compareVersions } from "./versions.ts";

/** What the tool needs. */
export interface VersionToolContext {
  readonly tool: PluginContext["tool"];
  readonly library: ToolLibrary;
}

const Input = v.strictObject({
  action: v.picklist(["list", "info", "diff", "rollback", "prune"]),
  tool_name: v.pipe(v.string(), v.description("A tool that was made at run time")),
  version: v.optional(v.pipe(
    v.string(),
    v.description("rollback: the one to restore; info: the one to describe; diff: the one to compare"),
  )),
  to_version: v.optional(
    v.pipe(v.string(), v.description("diff: what to compare it with; the current one by default")),
  ),
  keep: v.optional(v.pipe(
    v.number(),
    v.integer(),
    v.minValue(0),
    v.description("prune: so many of the newest versions before the current one stay"),
  )),
  older_than_days: v.optional(v.pipe(
    v.number(),
    v.minValue(0),
    v.description("prune: versions saved within so many days stay; with `keep`, what either keeps stays"),
  )),
});
type Request = v.InferOutput<typeof Input>;

const Facts = v.optional(v.object({ bytes: v.number(), digest: v.string() }));
const Entry = v.object({
  version: v.string(),
  current: v.boolean(),
  updated_at: v.optional(v.string()),
  digest: v.optional(v.string()),
  rolled_back_from: v.optional(v.string()),
  edited_from: v.optional(v.string()),
  edited: v.optional(v.boolean()),
});
const Output = v.object({
  action: v.string(),
  tool_name: v.string(),
  version: v.optional(v.string()),
  versions: v.optional(v.array(Entry)),
  kind: v.optional(v.string()),
  current: v.optional(v.boolean()),
  edited: v.optional(v.boolean()),
  created_at: v.optional(v.string()),
  updated_at: v.optional(v.string()),
  digest: v.optional(v.string()),
  count: v.optional(v.number()),
  rolled_back_from: v.optional(v.string()),
  edited_from: v.optional(v.string()),
  replaced: v.optional(v.string()),
  path: v.optional(v.string()),
  from_version: v.optional(v.string()),
  to_version: v.optional(v.string()),
  files: v.optional(v.array(v.object({
    path: v.string(),
    change: v.optional(v.string()),
    bytes: v.optional(v.number()),
    diff: v.optional(v.string()),
    before: Facts,
    after: Facts,
  }))),
  manifest: v.optional(v.array(v.object({
    field: v.string(),
    before: v.optional(v.unknown()),
    after: v.optional(v.unknown()),
  }))),
  truncated: v.optional(v.boolean()),
  pruned: v.optional(v.array(v.string())),
  trash: v.optional(v.string()),
  kept_until: v.optional(v.string()),
});

/** What an action answers. */
interface Answer {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}
type Action = (request: Request, library: ToolLibrary, call: Call) => Promise<Answer>;

const ACTIONS: Readonly<Record<Request["action"], Action>> = { list, info, diff, rollback, prune };

const DESCRIPTION = `Work with the versions of a tool that was made at run time. Each change of a tool keeps the one \
before; numbers only rise.

- list: all versions, newest first.
- info: one version, by default the current one.
- diff: what changed from \`version\` to \`to_version\`, by default the current one.
- rollback: writes the content of \`version\` as a new, higher version.
- prune: moves old versions to the trash, by \`keep\` or \`older_than_days\`.

To call a tool as it was, give \`call_tool\` a \`version\`.`;

/** Registers the tool. */
export function registerVersion({ tool, library }: VersionToolContext): void {
  tool({
    name: "version",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Versions of a tool", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    complete: async (argument, value) => {
      if (argument === "tool_name") return rankCompletions(value, (await library.list()).map((it) => it.name));
      if (argument !== "version" && argument !== "to_version") return [];
      return rankCompletions(value, await allVersions(library));
    },
    run: async (request, call) => {
      const { action, tool_name } = request;
      const { text, data } = await ACTIONS[action](request, library, call);
      return toolResult({ content: [{ type: "text", text }], structuredContent: { action, tool_name, ...data } });
    },
  });
}

/** Lists every number that some tool has, highest first: a completion does not know what else was typed. */
export async function allVersions(library: ToolLibrary): Promise<string[]> {
  const entries = await Promise.all((await library.list()).map(({ name }) => library.versions(name)));
  return entries.flat().map(({ version }) => version).sort((a, b) => compareVersions(b, a));
}

async function list({ tool_name: name }: Request, library: ToolLibrary): Promise<Answer> {
  const entries = await library.versions(name);
  const lines = entries.map((it) => `- ${it.version}${it.isCurrent ? " (current)" : ""}${remarks(it)}`);
  return {
    text: lines.length === 0 ? `Tool "${name}" has no versions` : `Versions of "${name}":\n\n${lines.join("\n")}`,
    data: { versions: entries.map((it) => ({ version: it.version, current: it.isCurrent, ...factsOf(it) })) },
  };
}

function remarks({ manifest, isEdited }: VersionEntry): string {
  const { rolled_back_from: rolledBack, edited_from: edited, updated_at: updated } = manifest ?? {};
  return [
    rolledBack && ` from ${rolledBack}`,
    edited && `, ${edited} as it was edited by hand`,
    isEdited && ", edited by hand since",
    updated && `, ${updated}`,
  ].filter((it) => it).join("");
}

function factsOf({ manifest, isEdited }: VersionEntry): Readonly<Record<string, unknown>> {
  const { updated_at, digest, rolled_back_from, edited_from } = manifest ?? {};
  return given({ updated_at, digest, rolled_back_from, edited_from, edited: isEdited || undefined });
}

async function info({ tool_name: name, version }: Request, library: ToolLibrary): Promise<Answer> {
  const entries = await library.versions(name);
  const entry = version === undefined
    ? entries.find((it) => it.isCurrent)
    : entries.find((it) => it.version === version);
  // says which there are, or why it cannot be read
  const folder = await library.files(name, version);
  if (entry?.manifest === undefined) throw new ToolError(`Cannot describe "${name}": its manifest cannot be read`);
  const { manifest, isCurrent } = entry;
  const paths = (await listCode(folder)).map(({ path }) => path).sort();
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await folder.stat(path))?.size ?? 0 })));
  const { tool_type: kind, created_at, digest = await digestOf(folder) } = manifest;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Version", `${entry.version}${isCurrent ? " (current)" : ""}${remarks({ ...entry, manifest: noDate(manifest) })}`],
    ["Type", kind],
    ["Created", created_at],
    ["Updated", manifest.updated_at],
    ["Digest", digest],
    ["Files", files.map((it) => `${it.path} (${it.bytes} bytes)`).join(", ")],
    ["Versions", String(entries.length)],
  ];
  const lines = facts.flatMap(([label, value]) => value ? [`- ${label}: ${value}`] : []);
  return {
    text: `"${name}": ${manifest.description}\n\n${lines.join("\n")}`,
    data: {
      version: entry.version,
      current: isCurrent,
      kind,
      ...given({ created_at }),
      ...factsOf(entry),
      digest,
      files,
      count: entries.length,
    },
  };
}

function noDate({ updated_at: _, ...manifest }: Manifest): Manifest {
  return manifest;
}

async function diff({ tool_name: name, version, to_version: to }: Request, library: ToolLibrary): Promise<Answer> {
  if (version === undefined) throw new ToolError('Cannot compare versions: "version" is missing');
  const [before, after] = [await compared(name, version, library), await compared(name, to, library)];
  const found = await diffVersions(before, after);
  return {
    text: diffText(found, before.version, after.version),
    data: {
      from_version: before.version,
      to_version: after.version,
      files: found.files,
      manifest: found.manifest,
      truncated: found.isTruncated,
    },
  };
}

async function compared(name: string, version: string | undefined, library: ToolLibrary): Promise<ComparedVersion> {
  const folder = await library.files(name, version);
  const entries = await library.versions(name);
  const entry = entries.find((it) => version === undefined ? it.isCurrent : it.version === version);
  return { version: entry?.version ?? "current", folder, manifest: entry?.manifest };
}

async function rollback({ tool_name: name, version }: Request, library: ToolLibrary, call: Call): Promise<Answer> {
  if (version === undefined) throw new ToolError('Cannot roll back: "version" is missing');
  const { manifest, path, replaced } = await library.rollback(name, version, { call });
  const kept = replaced === undefined ? "" : `; version ${replaced} is kept`;
  return {
    text: `Rolled back "${name}" to version ${manifest.version}, from ${version}${kept}.`,
    data: { version: manifest.version, rolled_back_from: version, ...given({ replaced }), path },
  };
}

async function prune(request: Request, library: ToolLibrary): Promise<Answer> {
  const { tool_name: name, keep, older_than_days: days } = request;
  const kept = (await library.versions(name)).filter((it) => !it.isCurrent);
  if (keep === undefined && days === undefined) {
    throw new ToolError(`Cannot prune versions of "${name}": say which stay, by "keep" or "older_than_days"`);
  }
  const since = Date.now() - (days ?? 0) * DAY_MS;
  const isYoung = async (it: VersionEntry) => days !== undefined && await savedAt(name, it, library) > since;
  const old = [];
  for (const it of kept.slice(keep ?? 0)) if (!await isYoung(it)) old.push(it.version);
  if (old.length === 0) {
    return {
      text: `Nothing of "${name}" is pruned: ${
        kept.length === 1
          ? "1 version before the current one stays"
          : `${kept.length} versions before the current one stay`
      }.`,
      data: { pruned: [] },
    };
  }
  const { versions, trash, keptUntil } = await library.prune(name, old);
  const until = keptUntil.toISOString();
  return {
    text: `Pruned ${versions.length} of ${kept.length} versions of "${name}": ${versions.join(", ")}. Until ${
      until.slice(0, 10)
    } they are kept in ${library.path}/${trash}; what is moved from there to "versions" of the tool is back.`,
    data: { pruned: versions, trash, kept_until: until },
  };
}

/** Tells when a version was saved; where the manifest does not say, when it was written to disk. */
async function savedAt(name: string, { version, manifest }: VersionEntry, library: ToolLibrary): Promise<number> {
  const noted = Date.parse(manifest?.updated_at ?? "");
  if (!Number.isNaN(noted)) return noted;
  const stat = await (await library.files(name, version)).stat(".");
  return stat?.modified.getTime() ?? Date.now();
}

/** Leaves out what is not known. */
function given(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
