/**
 * The tool `export_tool`.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Content,
  type Lazy,
  type PluginContext,
  rankCompletions,
  toBase64,
  toolResult,
} from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { Exporter, ExportReport } from "./exporter.ts";
import { ARCHIVE_FORMATS, MEDIA_TYPES } from "./formats.ts";

const Input = v.strictObject({
  tool_name: v.string(),
  version: v.optional(v.pipe(v.string(), v.description("The current one by default"))),
  to: v.optional(v.pipe(
    v.string(),
    v.description(
      "Absolute path of an archive (.zip, .tar, .tar.gz, .tgz), or of a folder in which the tool's own folder is made; " +
        "without it the answer holds a zip archive",
    ),
  )),
  overwrite: v.optional(v.pipe(v.boolean(), v.description("Replace the archive, or the folder of the tool")), false),
});

const Output = v.object({
  name: v.string(),
  version: v.string(),
  format: v.picklist(["folder", ...ARCHIVE_FORMATS]),
  path: v.optional(v.string()),
  digest: v.string(),
  files: v.number(),
  left_out: v.array(v.object({ path: v.string(), reason: v.string() })),
  emptied: v.array(v.string()),
});

/** Registers the tool. */
export function registerExportTool({ tool, exporter, library }: {
  readonly tool: PluginContext["tool"];
  readonly exporter: Lazy<Exporter>;
  readonly library: ToolLibrary;
}): void {
  tool({
    name: "export_tool",
    description:
      "Export a tool that was made at run time, or one of its versions, for import_tool elsewhere: its code " +
      "and manifest, without its memory, old versions, installed packages and secrets. The digest in the answer is that " +
      'which import_tool can be told to expect. Example: {"tool_name": "greet", "to": "~/greet.zip"}.',
    input: Input,
    output: Output,
    annotations: { title: "Export a tool", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    complete: async (argument, value) =>
      argument === "tool_name" ? rankCompletions(value, (await library.list()).map((it) => it.name)) : [],
    run: async (request, call) => {
      const report = await (await exporter.get()).run(request, call);
      const { name, version, format, path, digest, files, leftOut, emptied } = report;
      return toolResult({
        content: [{ type: "text", text: textOf(report) }, ...archiveOf(report)],
        structuredContent: {
          name,
          version,
          format,
          ...(path !== undefined && { path }),
          digest,
          files,
          left_out: leftOut,
          emptied,
        },
      });
    },
  });
}

function archiveOf({ name, version, archive }: ExportReport): Content[] {
  if (archive === undefined) return [];
  const uri = `collet://exports/${name}-${encodeURIComponent(version)}.zip`;
  return [{ type: "resource", resource: { uri, mimeType: MEDIA_TYPES.zip, blob: toBase64(archive) } }];
}

function textOf({ name, version, path, digest, files, leftOut, emptied }: ExportReport): string {
  const counted = files === 1 ? "1 file" : `${files} files`;
  return [
    `Exported "${name}" ${version}, ${counted}, ${path === undefined ? "as the zip archive below" : `to ${path}`}.`,
    `- Digest: ${digest}`,
    ...leftOut.map((it) => `- Left out ${it.path}: ${it.reason}`),
    ...(emptied.length > 0 ? [`- Without the values of ${emptied.join(", ")}`] : []),
  ].join("\n");
}
