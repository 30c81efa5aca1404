/**
 * What is known of an artifact by looking at it, whatever a manifest says.
 *
 * @module
 */
import { Lazy, sha256, ToolError } from "../../kernel/mod.ts";
import type { BuildRecord } from "./program.ts";

// most servers start without a tool that is looked at
const binary = new Lazy(async () => {
  const [{ kindOf }, { describeImports, readModule }, { checkProgram }] = await Promise.all([
    import("./binary/sections.ts"),
    import("./binary/outline.ts"),
    import("./build/module_checks.ts"),
  ]);
  return { kindOf, describeImports, readModule, checkProgram };
});
const engine = new Lazy(async () => {
  const { ENGINE_TITLE, loadEngine } = await import("./worker/javascript/engine.ts");
  return { engine: ENGINE_TITLE, engine_digest: await sha256((await loadEngine()).bytes) };
});

/**
 * Looks at an artifact.
 *
 * @param isBundle Whether it is JavaScript, as the ending of its file says.
 * @throws {ToolError} when it is no program that could be run here, or imports what nothing provides.
 */
export async function inspectArtifact(
  bytes: Uint8Array,
  { isBundle }: { readonly isBundle: boolean },
): Promise<BuildRecord> {
  if (bytes.length === 0) throw new ToolError("the file is empty");
  const facts = { digest: await sha256(bytes), size: bytes.length };
  if (isBundle) return { kind: "bundle", ...facts, imports: [], ...await engine.get() };
  const { kindOf, describeImports, readModule, checkProgram } = await binary.get();
  // what a component imports are interfaces, which are looked at when it is translated
  if (kindOf(bytes) === "component") return { kind: "component", ...facts, imports: [] };
  const outline = readModule(bytes);
  checkProgram(outline);
  return { kind: "module", ...facts, imports: describeImports(outline) };
}
