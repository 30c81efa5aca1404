/**
 * The tool `import_tool`.
 *
 * @module
 */
import * as v from "valibot";
import { type Lazy, type PluginContext, toolResult } from "../../kernel/mod.ts";
import type { Imported, Importer, ImportReport, Planned } from "./importer.ts";

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

const Input = v.strictObject({
  source: described(
    v.pipe(v.string(), v.trim(), v.minLength(1)),
    "Git repository of any host, gist:ID, address of a zip or tar archive, or an absolute path; " +
      "#ref:folder at the end names a branch, tag or commit, and a folder in it",
  ),
  overwrite: v.optional(described(v.boolean(), "Replace tools of the same names; the versions before are kept"), false),
  path: v.optional(described(v.string(), "Folder within the source")),
  ref: v.optional(described(v.string(), "Branch, tag or commit of a git repository, or revision of a gist")),
  tools: v.optional(
    described(v.pipe(v.array(v.string()), v.minLength(1)), "Names of the tools to take; all by default"),
  ),
  preview: v.optional(described(v.boolean(), "Only tell what would be imported"), false),
  digest: v.optional(described(v.string(), "SHA-256 that the one tool must have, as a preview or an export gives it")),
  name: v.optional(described(v.string(), "Another name for the one tool")),
});

const LeftOuts = v.array(v.object({ path: v.string(), reason: v.string() }));
const Output = v.object({
  source: v.object({
    from: v.string(),
    ref: v.optional(v.string()),
    commit: v.optional(v.string()),
    path: v.optional(v.string()),
  }),
  installed: v.array(v.object({
    name: v.string(),
    version: v.string(),
    replaced: v.optional(v.string()),
    path: v.string(),
    digest: v.string(),
    files: v.number(),
    left_out: LeftOuts,
  })),
  planned: v.optional(v.array(v.object({
    name: v.string(),
    version: v.string(),
    replaces: v.optional(v.string()),
    kind: v.string(),
    description: v.string(),
    interpreter: v.optional(v.string()),
    dependencies: v.array(v.string()),
    grants: v.optional(v.record(v.string(), v.unknown())),
    requires_services: v.array(v.string()),
    digest: v.string(),
    bytes: v.number(),
    files: v.array(v.object({ path: v.string(), size: v.number(), executable: v.boolean() })),
    left_out: LeftOuts,
  }))),
  skipped: v.array(v.object({ name: v.optional(v.string()), folder: v.string(), reason: v.string() })),
});

type Answer = v.InferInput<typeof Output>;

const DESCRIPTION = `Import tools from a git repository, a gist, an archive or a folder: whatever folder of it holds a \
manifest.json is a tool. Their packages are installed. With "preview": true nothing is installed, and the answer tells \
what would be: files, interpreter, packages, and what the tools ask for.

Examples: {"source": "https://github.com/owner/repository#v1.2:tools/greet"}, {"source": "gist:0123abcd"}, \
{"source": "https://example.com/tools.zip", "tools": ["greet"]}, {"source": "~/tools/greet", "overwrite": true}`;

/** Registers the tool. */
export function registerImportTool({ tool, importer }: {
  readonly tool: PluginContext["tool"];
  readonly importer: Lazy<Importer>;
}): void {
  tool({
    name: "import_tool",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Import tools", readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    run: async (request, call) => {
      const report = await (await importer.get()).run(request, call);
      const isFailure = report.imported.length + report.planned.length === 0;
      return toolResult({
        content: [{ type: "text", text: textOf(report, request.preview) }],
        structuredContent: answerOf(report, request.preview),
        ...(isFailure && { isError: true }),
      });
    },
  });
}

function answerOf({ origin, imported, planned, skipped }: ImportReport, isPreview: boolean): Answer {
  return withoutUndefined({
    source: origin,
    installed: imported.map(({ name, version, replaced, path, candidate: { pin, list, leftOut } }) => ({
      name,
      version,
      replaced,
      path,
      digest: pin,
      files: list.length,
      left_out: [...leftOut],
    })),
    planned: isPreview ? planned.map(plannedOf) : undefined,
    skipped: [...skipped],
  });
}

function plannedOf({ name, replaces, candidate: { manifest, pin, list, leftOut } }: Planned) {
  return {
    name,
    version: manifest.version,
    replaces,
    kind: manifest.tool_type,
    description: manifest.description,
    interpreter: manifest.interpreter,
    dependencies: [...manifest.dependencies ?? []],
    grants: manifest.grants,
    requires_services: [...manifest.requires_services ?? []],
    digest: pin,
    bytes: sizeOf(list),
    files: [...list],
    left_out: [...leftOut],
  };
}

// what a type has as `undefined` is absent in JSON
function withoutUndefined(answer: unknown): Answer {
  return JSON.parse(JSON.stringify(answer));
}

function sizeOf(list: readonly { readonly size: number }[]): number {
  return list.reduce((sum, { size }) => sum + size, 0);
}

function textOf({ origin, imported, planned, skipped }: ImportReport, isPreview: boolean): string {
  const { from, ref, commit, path } = origin;
  const place = [ref, commit?.slice(0, 12), path].filter((it) => it !== undefined).join(", ");
  const whence = place === "" ? from : `${from} (${place})`;
  const count = imported.length + planned.length;
  const done = `${count === 0 ? "Nothing" : counted(count)} ${
    isPreview ? "would be" : count > 1 ? "were" : "was"
  } imported`;
  const left = skipped.map(({ name, folder, reason }) =>
    `- Not ${name === undefined ? `"${folder}"` : `\`${name}\``}: ${reason}`
  );
  return [`${done} from ${whence}.`, "", ...imported.map(importedLine), ...planned.flatMap(plannedLines), ...left].join(
    "\n",
  ).trimEnd();
}

function counted(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}

function importedLine({ name, version, replaced, path, candidate }: Imported): string {
  const instead = replaced === undefined ? "" : `, in place of ${replaced}, which is kept`;
  const left = candidate.leftOut.map((it) => `; left out ${it.path}: ${it.reason}`).join("");
  return `- \`${name}\` ${version}${instead}: ${path}${left}`;
}

function plannedLines({ name, replaces, candidate: { manifest, list, leftOut, pin } }: Planned): string[] {
  const { version, tool_type: kind, interpreter, dependencies = [], grants = {}, requires_services: services = [] } =
    manifest;
  const fact = (what: string, text: string) => text === "" ? [] : [`  - ${what}: ${text}`];
  return [
    `- \`${name}\` ${version} (${kind})${
      replaces === undefined ? "" : `, in place of ${replaces}`
    }: ${manifest.description}`,
    ...fact("interpreter", interpreter ?? ""),
    ...fact("packages", dependencies.join(", ")),
    ...fact("services", services.join(", ")),
    ...fact("asks for", Object.keys(grants).length === 0 ? "" : JSON.stringify(grants)),
    ...fact("files", list.map(({ path, size }) => `${path} (${size} bytes)`).slice(0, 50).join(", ")),
    ...fact("and more files", list.length > 50 ? String(list.length - 50) : ""),
    ...leftOut.flatMap((it) => fact("left out", `${it.path}: ${it.reason}`)),
    ...fact("digest", pin),
  ];
}
