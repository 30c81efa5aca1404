/**
 * The lock of the repositories: `repos/skills-lock.json` in the home folder says of each repository which commit is
 * taken, and what its skills were then, so that another machine takes the same.
 *
 * @module
 */
import * as v from "valibot";
import { type Disposer, type Folder, isObject, messageOf, ToolError } from "../../kernel/mod.ts";
import { pathKey, pathProblem } from "../sharing/contract.ts";
import { plainText } from "../trust/contract.ts";
import { PATH_LIMITS } from "./taking.ts";

/** A skill, as it was locked. */
export interface LockedSkill {
  readonly name: string;
  /** SHA-256 of its files, as 64 hexadecimal digits. */
  readonly digest: string;
}

/** A repository, as it was locked. */
export interface LockedRepository {
  readonly url: string;
  /** Branch, tag or commit that updates follow; the HEAD of the repository where there is none. */
  readonly branch?: string | undefined;
  /** Full id. */
  readonly commit: string;
  readonly isPinned: boolean;
  /** As ISO 8601, like `updatedAt`. */
  readonly addedAt: string;
  readonly updatedAt: string;
  /** By path in the repository, `""` for its root. */
  readonly skills: ReadonlyMap<string, LockedSkill>;
}

/** All that is locked, by name. */
export type Locked = ReadonlyMap<string, LockedRepository>;

/** Folder of the repositories in the home folder. */
export const REPOSITORIES = "repos";
/** The lock, in that folder. */
export const LOCK_FILE = "skills-lock.json";
/** Names of repositories: the only thing that becomes a folder. */
export const REPOSITORY_NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const FORMAT = 1;
const NO_LIMITS = { max_path_characters: Infinity, max_path_depth: 1 };
const MOST_BYTES = 64 * 1024 * 1024;

/** Tells whether a name can be that of a repository, and so of a folder beside the lock, on every system. */
export function isRepositoryName(name: string): boolean {
  return REPOSITORY_NAME_REGEXP.test(name) && pathProblem(name, NO_LIMITS) === undefined && pathKey(name) !== LOCK_FILE;
}

const Name = v.pipe(v.string(), v.check(isRepositoryName, "a name that is safe as that of a folder"));
const SkillPath = v.pipe(
  v.string(),
  v.check((path) => path === "" || pathProblem(path, PATH_LIMITS) === undefined, "a path that is safe on every system"),
);
// it comes from elsewhere, and is shown
const Shown = v.pipe(v.string(), v.check((text) => plainText(text) === text, "text without control characters"));
const Digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"));
const Commit = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "the full id of a commit"));
const Time = v.pipe(v.string(), v.isoTimestamp());

/** Any key may be there, also one that objects have by themselves. */
function entriesOf<K extends v.GenericSchema<string>, V extends v.GenericSchema>(key: K, value: V) {
  return v.pipe(v.custom<object>(isObject, "an object"), v.transform(Object.entries), v.array(v.tuple([key, value])));
}

const Skill = v.object({ name: v.string(), digest: Digest });
const Entry = v.pipe(
  v.object({
    url: Shown,
    branch: v.optional(Shown),
    commit: Commit,
    pinned: v.optional(v.boolean(), false),
    added_at: Time,
    updated_at: Time,
    skills: entriesOf(SkillPath, Skill),
  }),
  v.transform(({ url, branch, commit, pinned, added_at, updated_at, skills }): LockedRepository => ({
    url,
    branch,
    commit,
    isPinned: pinned,
    addedAt: added_at,
    updatedAt: updated_at,
    skills: new Map(skills),
  })),
);
const Content = v.object({ version: v.literal(FORMAT), repositories: entriesOf(Name, Entry) });

/** The record of which repositories there are, shared by all servers with one home. */
export class LockFile {
  readonly #folder: Folder;

  /** @param folder That of the repositories. */
  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Absolute path, for messages. */
  get path(): string {
    return `${this.#folder.path}/${LOCK_FILE}`;
  }

  /**
   * Reads what is locked, by name.
   *
   * @throws {ToolError} when the file is not well formed.
   */
  async read(): Promise<Locked> {
    return this.#parse(await this.#folder.readText(LOCK_FILE));
  }

  /**
   * Changes what is locked, whatever other processes do meanwhile; nothing is written when `change` throws.
   *
   * @param change Is given what is locked now, to change it.
   * @throws {ToolError} when the file is not well formed.
   */
  async change(change: (locked: Map<string, LockedRepository>) => void): Promise<void> {
    const release = await this.#folder.lock("skills-lock");
    try {
      const locked = new Map(await this.read());
      change(locked);
      await this.#folder.writeAtomic(LOCK_FILE, format(locked));
    } finally {
      await release();
    }
  }

  /** Calls back when the file changed, whoever wrote it. */
  watch(listener: () => void): Disposer {
    return this.#folder.watch(LOCK_FILE, listener);
  }

  #parse(text: string | undefined): Locked {
    if (text === undefined) return new Map();
    const fail = (why: string) => {
      return new ToolError(`Cannot read the lock of skill repositories "${this.path}": ${why}; mend or remove it`);
    };
    if (text.length > MOST_BYTES) throw fail(`it has ${text.length} characters, at most ${MOST_BYTES} are read`);
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch (thrown) {
      throw fail(messageOf(thrown));
    }
    const parsed = v.safeParse(Content, content);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      const place = plainText(v.getDotPath(issue) ?? "it");
      throw fail(`${place} is ${plainText(issue.received)}, expected ${issue.expected ?? issue.message}`);
    }
    const locked = new Map(parsed.output.repositories);
    const names = new Map<string, string>();
    for (const name of locked.keys()) {
      const same = names.get(pathKey(name));
      if (same !== undefined) {
        throw fail(`"${same}" and "${name}" would be one folder where letter case does not count`);
      }
      names.set(pathKey(name), name);
    }
    return locked;
  }
}

// sorted, so that what did not change stays where it is
function format(locked: Locked): string {
  const repositories = sorted(locked).map(([name, repository]) => {
    const { url, branch, commit, isPinned, addedAt, updatedAt, skills } = repository;
    const rest = { commit, pinned: isPinned, added_at: addedAt, updated_at: updatedAt };
    const written = {
      url,
      ...(branch !== undefined && { branch }),
      ...rest,
      skills: Object.fromEntries(sorted(skills)),
    };
    return [name, written];
  });
  return `${JSON.stringify({ version: FORMAT, repositories: Object.fromEntries(repositories) }, undefined, 2)}\n`;
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => a < b ? -1 : 1);
}
