/**
 * The command-line verb `skills`: checks skills as for publishing, and keeps which projects a person trusts. What it does
 * is loaded when it runs.
 *
 * @module
 */
import {
  type CommandIo,
  type CommandVerb,
  didYouMean,
  type Environment,
  type Files,
  type Folder,
  KernelError,
} from "../../kernel/mod.ts";
import { projectSubject, type Trust } from "../trust/contract.ts";

/** What the verb needs. */
export interface SkillsVerbOptions {
  readonly files: Files;
  readonly environment: Environment;
  /** Absent where no plugin keeps what a person trusts. */
  readonly trust: Trust | undefined;
}

const USAGES = {
  validate: "validate [--warnings-as-errors] PATH…",
  trust: "trust PATH",
  untrust: "untrust PATH",
  trusted: "trusted",
} as const;
const ACTIONS = Object.keys(USAGES) as (keyof typeof USAGES)[];
const WARNINGS_AS_ERRORS = "--warnings-as-errors";

/** Exit code of a command that is written wrongly; 1 means that something is wrong with a skill. */
const WRONG_USAGE = 2;

/** Thrown, and caught here, when the command is written wrongly. */
class UsageError {
  readonly why: string;
  readonly fix: string;

  constructor(why: string, usage: string) {
    this.why = why;
    this.fix = `Run "collet skills ${usage}"`;
  }
}

/** Makes the verb `skills`. */
export function createSkillsVerb(options: SkillsVerbOptions): CommandVerb {
  return {
    name: "skills",
    usage: Object.values(USAGES).join(" | "),
    description: "Check skills as for publishing; trust a project, so that the skills in it are used",
    async run(io) {
      try {
        return await act(io, options);
      } catch (thrown) {
        if (!(thrown instanceof UsageError)) throw thrown;
        const { why, fix } = thrown;
        io.warn(new KernelError("OPTION_INVALID", `Cannot run "skills": ${why}`, { fix }).format());
        return WRONG_USAGE;
      }
    },
  };
}

async function act(io: CommandIo, options: SkillsVerbOptions): Promise<number> {
  const [action, ...words] = io.args;
  switch (ACTIONS.find((it) => it === action)) {
    case "validate":
      return await validate(words, io, options);
    case "trust":
      return await trust(words, io, options);
    case "untrust":
      return await untrust(words, io, options);
    case "trusted":
      return await listTrusted(words, io, options);
    case undefined:
      break;
  }
  const why = action === undefined ? "an action is missing" : `"${action}" is no action${didYouMean(action, ACTIONS)}`;
  throw new UsageError(why, Object.values(USAGES).join('", "collet skills '));
}

async function validate(words: readonly string[], io: CommandIo, options: SkillsVerbOptions): Promise<number> {
  const paths = words.filter((word) => word !== WARNINGS_AS_ERRORS);
  const unknown = paths.find((word) => word.startsWith("-"));
  if (unknown !== undefined) throw new UsageError(`there is no flag "${unknown}"`, USAGES.validate);
  if (paths.length === 0) throw new UsageError("a path is missing", USAGES.validate);
  const folders: OpenedPath[] = [];
  for (const path of paths) folders.push(await openPath(path, { ...options, usage: USAGES.validate }));
  const { formatReport, reportToJson, validatePaths } = await import("./format/validate_paths.ts");
  const report = await validatePaths(folders, (path) => options.files.open(path));
  if (io.json) io.print(JSON.stringify(reportToJson(report)));
  else for (const line of formatReport(report)) io.print(line);
  const wrong = words.includes(WARNINGS_AS_ERRORS) ? report.errors + report.warnings : report.errors;
  return wrong > 0 ? 1 : 0;
}

interface OpenedPath {
  /** As it was given. */
  readonly path: string;
  readonly folder: Folder;
}

/** Opens the folder of a path; that of a SKILL.md is where it is. */
async function openPath(
  path: string,
  { files, environment, usage }: SkillsVerbOptions & { readonly usage: string },
): Promise<OpenedPath> {
  const shown = path.replace(/[/\\]skill\.md$/i, "").replace(/^skill\.md$/i, ".").replace(/(?<=[^/\\])[/\\]+$/, "");
  const folder = files.open(environment.expand(shown));
  const kind = (await folder.stat("."))?.kind;
  if (kind === "folder") return { path: shown, folder };
  throw new UsageError(`"${path}" ${kind === undefined ? "does not exist" : "is no folder"}`, usage);
}

function requireTrust({ trust }: SkillsVerbOptions): Trust {
  if (trust !== undefined) return trust;
  throw new KernelError("OPTION_INVALID", 'Cannot run "skills": nothing keeps what is trusted', {
    fix: 'Use the plugin "trust" too',
  });
}

function onlyPath(words: readonly string[], usage: string): string {
  const [path] = words;
  if (words.length === 1 && path !== undefined && path !== "") return path;
  throw new UsageError(`one path is wanted, ${words.length} were given`, usage);
}

async function trust(words: readonly string[], io: CommandIo, options: SkillsVerbOptions): Promise<number> {
  const { folder } = await openPath(onlyPath(words, USAGES.trust), { ...options, usage: USAGES.trust });
  await requireTrust(options).trust(projectSubject(options.files, folder.path));
  if (io.json) io.print(JSON.stringify({ trusted: true, path: folder.path }));
  else io.print(`The skills of project ${JSON.stringify(folder.path)} are used from now on`);
  return 0;
}

/** Revokes the trust in a project, which may be gone by now, or in whatever else is listed by that name. */
async function untrust(words: readonly string[], io: CommandIo, options: SkillsVerbOptions): Promise<number> {
  const word = onlyPath(words, USAGES.untrust);
  const trust = requireTrust(options);
  const ids = [projectSubject(options.files, options.environment.expand(word)).id, word];
  const found = (await trust.list()).filter(({ id }) => ids.includes(id));
  for (const entry of found) await trust.revoke(entry);
  if (io.json) io.print(JSON.stringify({ trusted: false, revoked: found.map(({ kind, id }) => ({ kind, id })) }));
  else if (found.length === 0) io.print(`${JSON.stringify(word)} was not trusted; nothing changed`);
  for (const { kind, id } of io.json ? [] : found) io.print(`The ${kind} ${JSON.stringify(id)} is no longer trusted`);
  return 0;
}

async function listTrusted(words: readonly string[], io: CommandIo, options: SkillsVerbOptions): Promise<number> {
  if (words.length > 0) throw new UsageError(`${words.length} words are too many`, USAGES.trusted);
  const entries = await requireTrust(options).list();
  if (io.json) {
    const trusted = entries.map(({ kind, id, digest, trustedAt }) => ({ kind, id, digest, trusted_at: trustedAt }));
    io.print(JSON.stringify({ trusted }));
    return 0;
  }
  for (const { kind, id, trustedAt } of entries) io.print(`${kind} ${id} (since ${trustedAt})`);
  if (entries.length === 0) io.print("Nothing is trusted");
  return 0;
}
