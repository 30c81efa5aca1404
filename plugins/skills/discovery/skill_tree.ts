/**
 * The skills of one search path, and what has to be looked at again when something in it changes.
 *
 * @module
 */
import type { Files, FileStat, Folder } from "../../../kernel/mod.ts";
import { type Comparison, findStale } from "./looks.ts";
import { readSkills } from "./read_skills.ts";
import type { SkillRecord } from "./record.ts";
import {
  folderOf,
  isAtOrBelow,
  isEntered,
  lastPart,
  MOST_FOLDERS,
  MOST_FOLDERS_PER_CHILD,
  SKILL_FILES,
  wishFor,
} from "./rules.ts";
import { type Walk, type WalkedLink, type WalkedSkill, walkSkills } from "./walk.ts";

/** Folders that are looked into again one by one; where more have changed, everything is looked at. */
const MOST_PLACES = 100;

/** How to look. */
export interface LookOptions {
  /** Whether skills are read that seem to be what they were; `false` by default. */
  readonly isForced?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a search path; replaced as a whole. */
interface State {
  /** By path below the search path, sorted. */
  readonly records: ReadonlyMap<string, SkillRecord>;
  readonly folders: ReadonlySet<string>;
  readonly links: readonly WalkedLink[];
  readonly unreadable: ReadonlyMap<string, string>;
  readonly end: string | undefined;
  readonly isAbsent: boolean;
}

/** What was found in a folder of the search path and below it. */
type Part = Walk & { readonly records: readonly SkillRecord[] };

const NOTHING: State = {
  records: new Map(),
  folders: new Set(),
  links: [],
  unreadable: new Map(),
  end: undefined,
  isAbsent: false,
};

/** The folder of one search path. Its callers see to it that it looks once at a time. */
export class SkillTree {
  readonly #files: Files;
  readonly #root: Folder;
  #state: State = NOTHING;
  /** Whether a record was confirmed since the last look ended. */
  #hasConfirmed = false;

  /** @param path Absolute. */
  constructor(files: Files, path: string) {
    this.#files = files;
    this.#root = files.open(path);
  }

  /** Real path of the folder. */
  get path(): string {
    return this.#root.path;
  }

  /** What is known of the skills, sorted by their paths. */
  get records(): Iterable<SkillRecord> {
    return this.#state.records.values();
  }

  get size(): number {
    return this.#state.records.size;
  }

  /** What is known beside skills. */
  get surroundings(): Pick<State, "links" | "unreadable" | "end" | "isAbsent"> {
    return this.#state;
  }

  /** Takes over what another server, or this one in an earlier life, has found; {@linkcode SkillTree.scan} verifies it. */
  restore(records: readonly SkillRecord[]): void {
    this.#state = { ...NOTHING, records: new Map(records.map((it) => [it.path, it])) };
  }

  /** Looks at everything; tells whether an index of it would be another than before. */
  async scan(options: LookOptions = {}): Promise<boolean> {
    const { records, ...walk } = await this.#look(".", options);
    return this.#replace({ ...walk, records: sorted(records), folders: new Set(walk.folders) });
  }

  /**
   * Looks again at what concerns some paths that changed, relative to the search path; tells whether an index of it would
   * be another than before.
   */
  async rescan(changed: readonly string[], { signal }: Pick<LookOptions, "signal"> = {}): Promise<boolean> {
    const places = await this.#concerned(changed);
    if (places.includes(".")) return await this.scan({ signal });
    if (places.length === 0) return false;
    const parts: Part[] = [];
    for (const place of places) parts.push(await this.#look(place, { signal }));
    const state = withParts(this.#state, places, parts);
    // a walk of a part does not know where that of the whole ends
    return isTooLarge(state) ? await this.scan({ signal }) : this.#replace(state);
  }

  /** Counts the skills that there seem to be, and reads none. */
  async count(signal?: AbortSignal): Promise<number> {
    let count = 0;
    const onSkills = (skills: readonly WalkedSkill[]) => void (count += skills.length);
    await walkSkills(this.#root, { open: (path) => this.#files.open(path), signal, onSkills });
    return count;
  }

  /** Walks down from a folder, and gives what the skills say that are there. */
  async #look(at: string, { isForced = false, signal }: LookOptions): Promise<Part> {
    const { records: known } = this.#state;
    const records: SkillRecord[] = [];
    const walk = await walkSkills(this.#root, {
      at,
      signal,
      open: (path) => this.#files.open(path),
      wish: (path) => wishFor(path, { isKnown: !isForced && known.has(folderOf(path)) }),
      onSkills: async (skills) => void records.push(...await this.#read(skills, isForced)),
    });
    return { ...walk, records };
  }

  /** Gives what skills say: what is known of those that are what they were, and of the others what is read now. */
  async #read(skills: readonly WalkedSkill[], isForced: boolean): Promise<readonly SkillRecord[]> {
    const { records: known } = this.#state;
    const stale = await findStale(this.#root, skills.flatMap((it) => comparisonOf(it, known)));
    const isSame = ({ path }: WalkedSkill) => !isForced && known.has(path) && !stale.has(path);
    const records = skills.filter(isSame).map(({ path }) => known.get(path)!);
    for (const read of await readSkills(this.#root, skills.filter((it) => !isSame(it)))) {
      const record = known.get(read.path)?.orLater(read) ?? read;
      if (record !== read) this.#hasConfirmed = true;
      records.push(record);
    }
    return records;
  }

  #replace(state: State): boolean {
    const isChanged = this.#hasConfirmed || !isSameMap(this.#state.records, state.records);
    this.#state = state;
    this.#hasConfirmed = false;
    return isChanged;
  }

  /** Finds the folders to walk anew for some changes; `.` alone when that is everything. */
  async #concerned(changed: readonly string[]): Promise<readonly string[]> {
    const { folders, links, end } = this.#state;
    if (changed.length === 0) return [];
    if (folders.size === 0 || end !== undefined) return ["."];
    const places = new Set<string>();
    // a link may lead to where nobody looks otherwise
    const elsewhere = links.some(({ outside }) => outside === undefined) ? "." : undefined;
    for (const path of changed) {
      const place = this.#placeOf(path) ?? elsewhere;
      if (place !== undefined) places.add(place);
    }
    if (places.size > MOST_PLACES) return ["."];
    for (const place of places) {
      const kind = await this.#kindOf(place);
      // what links lead to is known by another path
      if (place === "." || kind === "link" || links.some((it) => isAtOrBelow(place, it.path))) return ["."];
      if (kind !== "folder" && !folders.has(place)) places.delete(place);
    }
    const all = [...places];
    return all.filter((it) => !all.some((other) => other !== it && isAtOrBelow(it, other))).sort();
  }

  async #kindOf(path: string): Promise<FileStat["kind"] | undefined> {
    try {
      return (await this.#root.stat(path))?.kind;
    } catch {
      // a link on the way to it leads out
      return "link";
    }
  }

  /** Gives the folder to walk anew for a change; `undefined` where no skill can be. */
  #placeOf(path: string): string | undefined {
    const { folders, records } = this.#state;
    let below = path;
    let folder = path;
    while (!folders.has(folder) && folder !== ".") {
      below = folder;
      folder = folderOf(folder);
    }
    if (folder === path) return folder;
    // a file of a skill, or one that makes its folder a skill
    if (records.has(folder) || SKILL_FILES.includes(lastPart(below))) return folder;
    return isEntered(lastPart(below), { isInSkill: false }) ? below : undefined;
  }
}

function comparisonOf(skill: WalkedSkill, known: ReadonlyMap<string, SkillRecord>): Comparison[] {
  const looks = known.get(skill.path)?.looks;
  return looks === undefined ? [] : [{ skill, looks }];
}

function sorted(records: Iterable<SkillRecord>): ReadonlyMap<string, SkillRecord> {
  const all = [...records].sort((a, b) => a.path < b.path ? -1 : 1);
  return new Map(all.map((it) => [it.path, it]));
}

/** Replaces what is known of some folders and all below them. */
function withParts(state: State, places: readonly string[], parts: readonly Part[]): State {
  const isKept = (path: string) => !places.some((place) => isAtOrBelow(path, place));
  const records = [...state.records.values()].filter((it) => isKept(it.path));
  const unreadable = [...state.unreadable].filter(([path]) => isKept(path));
  return {
    records: sorted([...records, ...parts.flatMap((part) => part.records)]),
    folders: new Set([...[...state.folders].filter(isKept), ...parts.flatMap((part) => part.folders)]),
    links: [...state.links.filter((it) => isKept(it.path)), ...parts.flatMap((part) => part.links)],
    unreadable: new Map([...unreadable, ...parts.flatMap((part) => [...part.unreadable])]),
    end: state.end,
    isAbsent: false,
  };
}

/** Tells whether a search path has more folders than a walk of all of it looks into. */
function isTooLarge({ folders }: State): boolean {
  let children = 0;
  for (const folder of folders) if (!folder.includes("/")) children++;
  return folders.size - children > MOST_FOLDERS + children * MOST_FOLDERS_PER_CHILD;
}

function isSameMap(a: ReadonlyMap<string, SkillRecord>, b: ReadonlyMap<string, SkillRecord>): boolean {
  return a.size === b.size && [...a].every(([path, record]) => b.get(path) === record);
}
