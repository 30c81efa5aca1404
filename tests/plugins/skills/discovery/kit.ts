/**
 * Real folders of skills for tests, and files that count how they are used.
 *
 * @module
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Environment, Files, Folder } from "../../../../kernel/mod.ts";
import { createEnvironment } from "../../../../kernel/platform/environment.ts";
import { createFiles } from "../../../../kernel/platform/files.ts";
import { type FakeLog, fakeLog } from "../../../../kernel/testing.ts";
import type { Discovery } from "../../../../plugins/skills/discovery/found.ts";
import type { DiscoveryHost } from "../../../../plugins/skills/discovery/host.ts";
import { SkillFolders, type SkillFoldersOptions } from "../../../../plugins/skills/discovery/skill_folders.ts";
import type { SearchPath } from "../../../../plugins/skills/discovery/search_paths.ts";

/** A folder with a home in it, removed at the end of its scope. */
export class Place implements Disposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "collet-skills-")));
  readonly home: string = this.at("home");
  readonly files: Files = createFiles(this.home);

  /** Gives an absolute path below. */
  at(path: string): string {
    return join(this.path, path);
  }

  /** Writes a file, with the folders above it. */
  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** Writes the SKILL.md of a skill into a folder; its name is that of the folder. */
  skill(path: string, description = "Does something"): void {
    this.write(`${path}/SKILL.md`, skillText(path.slice(path.lastIndexOf("/") + 1), description));
  }

  /** Makes everything below seem to have been written long ago. */
  age(path: string): void {
    const seconds = 1_700_000_000;
    for (const entry of readdirSync(this.at(path), { recursive: true, encoding: "utf8" })) {
      utimesSync(join(this.at(path), entry), seconds, seconds);
    }
    utimesSync(this.at(path), seconds, seconds);
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true, force: true });
  }

  /** Gives a search path below. */
  searchPath(path: string, more: Partial<SearchPath> = {}): SearchPath {
    return { path: this.at(path), scope: "user", origin: "extra", ...more };
  }

  /** Gives a machine whose home folders are here, with these variables and no others. */
  host(variables: Readonly<Record<string, string>> = {}): DiscoveryHost {
    return { files: this.files, environment: this.environment(variables), isFolder };
  }

  environment(variables: Readonly<Record<string, string>> = {}, more: Partial<Environment> = {}): Environment {
    const userHome = this.at("user");
    const expand = (path: string): string => {
      if (path === "~" || path.startsWith("~/")) return userHome + path.slice(1);
      return createEnvironment({ home: this.home }).expand(path);
    };
    return {
      ...createEnvironment({ home: this.home }),
      userHome,
      cwd: this.at("project"),
      variable: (name) => variables[name],
      expand,
      ...more,
    };
  }

  /** Gives paths of skills relative to here. */
  paths(skills: Iterable<{ readonly path: string }>): string[] {
    return Array.from(skills, ({ path }) => path.slice(this.path.length + 1));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function skillText(name: string, description: string): string {
  return `---\nname: ${name}\ndescription: ${description}\n---\n\n# ${name}\n`;
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Counts what is asked of real files: folders that are listed, and files that are read or looked at. */
export function countingFiles(files: Files): { readonly files: Files; readonly counts: Counts } {
  const counts: Counts = { listed: 0, read: 0, looked: 0 };
  const wrap = <T extends Folder>(folder: T): T =>
    new Proxy(folder, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name === "listMany") counts.listed += (args[0] as string[]).length;
          if (name === "readMany") counts.read += (args[0] as string[]).length;
          if (name === "list") counts.listed++;
          if (name === "readText" || name === "readBytes") counts.read++;
          if (name === "stat") counts.looked++;
          const result: unknown = value.apply(target, args);
          if (name === "listMany") return countBytes(result as ReturnType<Folder["listMany"]>, counts);
          return name === "at" || name === "open" ? wrap(result as Folder) : result;
        };
      },
    });
  return { files: wrap(files), counts };
}

async function countBytes(lists: ReturnType<Folder["listMany"]>, counts: Counts): ReturnType<Folder["listMany"]> {
  for (const entries of await lists) counts.read += entries?.filter(({ bytes }) => bytes !== undefined).length ?? 0;
  return await lists;
}

export interface Counts {
  listed: number;
  read: number;
  looked: number;
}

/** Lists the rules of what was said of folders that were skipped, with their paths relative to a place. */
export function skippedIn(place: Place, { skipped }: Discovery): string[] {
  return skipped.flatMap(({ path, diagnostics }) =>
    diagnostics.map(({ rule }) => `${path.slice(place.path.length + 1)} ${rule}`)
  );
}

/** Folders that are open, with what they said. */
export interface Opened extends AsyncDisposable {
  readonly folders: SkillFolders;
  readonly log: FakeLog;
  readonly changes: Discovery[];
  names(): string[];
}

/** Opens the search path `s`, unless the options say otherwise. */
export async function openFolders(place: Place, options: Partial<SkillFoldersOptions> = {}): Promise<Opened> {
  const log = fakeLog();
  const changes: Discovery[] = [];
  const collect = () => [place.searchPath("s")];
  const folders = new SkillFolders({ files: place.files, log, collect, ...options });
  folders.onChange((discovery) => changes.push(discovery));
  await folders.open();
  return {
    folders,
    log,
    changes,
    names: () => folders.current().skills.map(({ name }) => name),
    [Symbol.asyncDispose]: () => folders.close(),
  };
}
