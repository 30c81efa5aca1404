/**
 * What `doctor` is told of skills: where they are found, which folders cannot be used, and which projects wait for trust.
 *
 * @module
 */
import type { Finding, Probe } from "../../kernel/mod.ts";
import type { Discovery } from "./discovery/found.ts";
import type { SearchPath } from "./discovery/search_paths.ts";
import type { SkillFolders } from "./discovery/skill_folders.ts";
import { describeDiagnostic } from "./tools/texts.ts";
import { projectsOf } from "./tools/waiting_skills.ts";

/** What the probes look at. */
export interface SkillProbesOptions {
  readonly folders: Pick<SkillFolders, "current" | "refresh">;
  /** Collects the search paths, in their order. */
  collect(): readonly SearchPath[];
}

const AREA = "skills";
/** Most folders that one line names. */
const MOST_NAMED = 5;

/** Makes the probes. */
export function skillProbes({ folders, collect }: SkillProbesOptions): readonly Probe[] {
  // what the folders hold now, not what an index remembers; probes that run at one time share a look
  const probe = (name: string, describe: (discovery: Discovery) => Finding): Probe => ({
    area: AREA,
    name,
    check: async () => describe(await folders.refresh()),
  });
  return [
    probe("found", (discovery) => describeFound(discovery, collect())),
    probe("skipped", describeSkipped),
    probe("projects", describeProjects),
  ];
}

function describeFound({ skills }: Discovery, paths: readonly SearchPath[]): Finding {
  const counts = new Map<number, number>();
  for (const { order } of skills) counts.set(order, (counts.get(order) ?? 0) + 1);
  const found = Array.from(counts, ([order, count]) => {
    const path = paths[order];
    return path === undefined ? `${count} elsewhere` : `${count} in ${path.path} (${path.origin})`;
  });
  if (found.length > 0) return { ok: true, detail: `${skills.length}: ${found.join(", ")}` };
  return { ok: true, detail: `none; looked for in ${paths.map(({ path }) => path).join(", ")}` };
}

function describeSkipped({ skipped }: Discovery): Finding {
  if (skipped.length === 0) return { ok: true, detail: "none" };
  const named = skipped.slice(0, MOST_NAMED).map(({ path, diagnostics: [first] }) =>
    first === undefined ? path : `${path}: ${describeDiagnostic(first)}`
  );
  const more = skipped.length > named.length ? [`and ${skipped.length - named.length} more`] : [];
  const remedy = "mend them by `skills validate PATH`, or remove them";
  return { ok: false, detail: [...named, ...more].join("; "), remedy };
}

function describeProjects(discovery: Discovery): Finding {
  const waiting = projectsOf(discovery);
  if (waiting.length === 0) return { ok: true, detail: "none waits for trust" };
  return {
    ok: false,
    detail: waiting.map(({ project, skills }) => `${project} is not trusted yet, and seems to hold ${skills}`).join(
      "; ",
    ),
    remedy: waiting.map(({ project }) => `collet skills trust ${JSON.stringify(project)}`).join("; "),
  };
}
