/**
 * Verification: the examples of a tool are run before it is saved.
 *
 * @module
 */
import { type Call, type Folder, messageOf, ToolError } from "../../kernel/mod.ts";
import type { Memory } from "../memory/contract.ts";
import type { Manifest, ManifestDraft, ToolKind } from "./contract.ts";
import { digestOf } from "./digest.ts";
import { checkExamples, type ExampleReport, examplesOf, reportText } from "./examples.ts";
import { UnlistedTool } from "./offered_tool.ts";

/** What is verified. */
export interface StagedDraft {
  readonly kind: ToolKind;
  /** Holds the files of the tool, prepared. */
  readonly folder: Folder;
  readonly call: Call;
  /** What tools remember, if anything keeps it. */
  readonly memory: Memory | undefined;
}

/**
 * Runs the examples of a tool that is staged. What it remembers meanwhile is forgotten; it does not see what the tool
 * that it replaces remembers.
 *
 * @throws {ToolError} with a report when one fails, or when there is none.
 */
export async function verifyStaged(draft: ManifestDraft, staged: StagedDraft): Promise<void> {
  const { name } = draft;
  const { folder, call, memory } = staged;
  const examples = examplesOf(draft);
  if (examples.length === 0) {
    throw new ToolError(`Cannot save tool "${name}": it has no examples to verify it by; give "examples"`);
  }
  // no tool has a dot in its name
  const memoryName = `${name}.${crypto.randomUUID().slice(0, 8)}`;
  const manifest: Manifest = { version: "1.0.0", ...draft, digest: await digestOf(folder) };
  const tool = await loadStaged(manifest, staged, memoryName);
  let report: ExampleReport;
  try {
    report = await checkExamples(examples, { call, run: (args, running) => tool.call(args, running) });
  } finally {
    await tool.dispose();
    await memory?.open(memoryName, call.principal).clear();
  }
  if (report.failed === 0) return;
  throw new ToolError(
    `Cannot save tool "${name}": its examples do not pass, and nothing was changed\n\n${
      reportText(`"${name}"`, report)
    }`,
    { data: { ...report } },
  );
}

/**
 * Makes sure that a tool that is staged can be loaded.
 *
 * @throws {ToolError} with the reason why it cannot.
 */
export async function assertLoads(draft: ManifestDraft, staged: StagedDraft): Promise<void> {
  const tool = await loadStaged({ version: "1.0.0", ...draft }, staged, draft.name);
  await tool.dispose();
}

async function loadStaged(
  manifest: Manifest,
  { kind, folder }: StagedDraft,
  memory: string,
): Promise<UnlistedTool> {
  try {
    return new UnlistedTool(manifest, await kind.load(manifest, folder, { isLegacy: false, memory }));
  } catch (thrown) {
    throw new ToolError(`Cannot save tool "${manifest.name}": ${messageOf(thrown)}`, { cause: thrown });
  }
}
