/**
 * The tools of skillz that were there when this server first saw their folder: they keep what they always had. What is
 * put there later, or changed, has to be granted like any other tool.
 *
 * @module
 */
import { type Folder, type Log, messageOf } from "../../kernel/mod.ts";
import type { Manifest } from "./contract.ts";
import { digestOf } from "./digest.ts";

const FILE = "legacy_tools.json";
const LOCK = "legacy_tools";

interface Records {
  readonly format: 1;
  /** By absolute path of the tools folder. */
  readonly folders: Readonly<Record<string, { readonly first_start: string; readonly tools: Digests }>>;
}

/** Digests of tools by the names of their folders. */
type Digests = Readonly<Record<string, string>>;

/** What {@linkcode recordLegacyTools} found. */
export interface LegacyTools {
  /** Whether the folder was seen for the first time. */
  readonly isFirstStart: boolean;
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Reads which tools of a folder are trusted as skillz's own; at the first start, records them.
 *
 * @param home Where the record is kept, out of reach of whoever copies something into the tools folder.
 * @param tools The folder of all tools; `candidates` are those in it that skillz made.
 * @throws {Error} when the record cannot be read: then nothing is trusted by guess.
 */
export async function recordLegacyTools(
  home: Folder,
  { tools, candidates }: { readonly tools: Folder; readonly candidates: readonly string[] },
): Promise<LegacyTools> {
  const seen = (await readRecords(home)).folders[tools.path];
  if (seen !== undefined) return { isFirstStart: false, digests: new Map(Object.entries(seen.tools)) };
  const digests = new Map<string, string>();
  for (const folder of candidates) {
    // what cannot be read, such as a link that leads outside, is not trusted
    const digest = await digestOf(tools.at(folder)).catch(() => undefined);
    if (digest !== undefined) digests.set(folder, digest);
  }
  const release = await home.lock(LOCK);
  try {
    const { folders } = await readRecords(home);
    const record = { first_start: new Date().toISOString(), tools: Object.fromEntries(digests) };
    const records: Records = { format: 1, folders: { ...folders, [tools.path]: folders[tools.path] ?? record } };
    await home.writeAtomic(FILE, `${JSON.stringify(records, null, 2)}\n`);
  } finally {
    await release();
  }
  return { isFirstStart: true, digests };
}

/** Where skillz's tools are looked for, and recorded. */
export interface LegacyOptions {
  /** Where the record is kept, out of reach of whoever copies something into the tools folder. */
  readonly home: Folder;
  /** The folder of all tools. */
  readonly folder: Folder;
  readonly log: Log;
}

/** Finds which of some tools are skillz's own, with their digests; where that cannot be told none is. */
export async function findLegacyTools(
  tools: readonly { readonly folder: string; readonly manifest: Manifest | undefined }[],
  { home, folder, log }: LegacyOptions,
): Promise<ReadonlyMap<string, string>> {
  const candidates = tools.filter((it) => it.manifest !== undefined && it.manifest.format === undefined);
  try {
    const { isFirstStart, digests } = await recordLegacyTools(home, {
      tools: folder,
      candidates: candidates.map((it) => it.folder),
    });
    if (isFirstStart && digests.size > 0) {
      log.info(
        `${digests.size} tools made by skillz keep what they had: SKILLZ_* variables, network and client roots`,
        { folder: folder.path, tools: [...digests.keys()].join(" ") },
      );
    }
    return digests;
  } catch (error) {
    log.error(`Tools made by skillz get no SKILLZ_* variables: ${messageOf(error)}`);
    return new Map();
  }
}

async function readRecords(home: Folder): Promise<Records> {
  const text = await home.readText(FILE);
  if (text === undefined) return { format: 1, folders: {} };
  try {
    const { folders } = JSON.parse(text) as Partial<Records>;
    if (typeof folders === "object" && folders !== null) return { format: 1, folders };
  } catch {
    // said below
  }
  throw new Error(
    `Cannot read "${FILE}" in ${home.path}: it is not the JSON that was written there; remove it to start anew`,
  );
}
