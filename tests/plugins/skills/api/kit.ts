/**
 * Folders of skills on this machine, and the variables by which they are found.
 *
 * @module
 */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** A folder of its own, away from whatever skills this machine has. */
export interface Place extends AsyncDisposable {
  /** Absolute, real. */
  readonly path: string;
  /** Writes files by their paths below the folder. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Sets variables until the place is disposed of; `undefined` takes one away. */
  set(variables: Readonly<Record<string, string | undefined>>): void;
}

/** Makes an empty folder; variables and platform folders lead to no other skills while it is there. */
export async function makePlace(): Promise<Place> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "collet-api-")));
  const before = new Map<string, string | undefined>();
  const set: Place["set"] = (variables) => {
    for (const [name, value] of Object.entries(variables)) {
      if (!before.has(name)) before.set(name, process.env[name]);
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  const inherited = Object.keys(process.env).filter((name) => /_SKILL_PATHS$/.test(name));
  set({ ...Object.fromEntries(inherited.map((name) => [name, undefined])), XDG_DATA_HOME: join(path, "data") });
  return {
    path,
    set,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Writes a SKILL.md: its name, lines of front matter, and a body. */
export function skillMd(name: string, ...lines: readonly string[]): string {
  return ["---", `name: ${name}`, ...lines, "---", `# ${name}`, ""].join("\n");
}

/** The files of a skill with tools of its own, as the page has it. */
export function mayaGeometry(folder = "skills/maya-geometry"): Record<string, string> {
  const lines = [
    "description: Maya geometry tools",
    "dcc: maya",
    "version: 1.2.0",
    "tags: [geometry, create]",
    "search-hint: polygon modeling, sphere, bevel, mesh",
    "tools:",
    "  - name: create_sphere",
    "    description: Create a polygon sphere",
    "    input_schema: {type: object, properties: {radius: {type: number}}}",
    "    source_file: scripts/create_sphere.py",
    "  - name: bevel-edges",
    "    read_only: false",
  ];
  return {
    [`${folder}/SKILL.md`]: skillMd("maya-geometry", ...lines),
    [`${folder}/scripts/create_sphere.py`]: "print('{}')\n",
    [`${folder}/scripts/bevel_edges.py`]: "print('{}')\n",
  };
}
