/**
 * The command-line verb `skill_repos`: what the tools do with repositories of skills, by a person who is there, and what
 * is allowed of them.
 *
 * @module
 */
import { type CommandIo, type CommandVerb, createCall, didYouMean, KernelError, type Lazy } from "../../kernel/mod.ts";
import type { Operations } from "./operations.ts";
import type { Report } from "./reports.ts";

const USAGES = {
  add: "add URL [--branch BRANCH]",
  list: "list [NAME]",
  update: "update [NAME]",
  remove: "remove NAME",
  pin: "pin NAME [--commit COMMIT]",
  unpin: "unpin NAME",
  diff: "diff NAME [--skill SKILL]",
  trust: "trust NAME [--skill SKILL]",
  untrust: "untrust NAME [--skill SKILL]",
  install: "install [NAME]",
} as const;
type Action = keyof typeof USAGES;
const ACTIONS = Object.keys(USAGES) as Action[];
const FLAGS: Readonly<Partial<Record<Action, string>>> = {
  add: "--branch",
  pin: "--commit",
  diff: "--skill",
  trust: "--skill",
  untrust: "--skill",
};

/** Exit code of a command that is written wrongly; 1 means that it failed. */
const WRONG_USAGE = 2;
// a terminal scrolls
const ALL = { limit: 100_000, offset: 0 };

/** What was written behind the action. */
interface Words {
  readonly name: string | undefined;
  readonly flag: string | undefined;
}

/** Makes the verb `skill_repos`. */
export function createReposVerb(operations: Lazy<Operations>): CommandVerb {
  return {
    name: "skill_repos",
    // flags are told when one is written wrongly
    usage: Object.values(USAGES).map((it) => it.replace(/ \[--.*/, "")).join(" | "),
    description: "Keep git repositories of skills, and allow their scripts to run",
    async run(io) {
      const [word, ...rest] = io.args;
      const action = ACTIONS.find((it) => it === word);
      const words = action === undefined ? undefined : readWords(action, rest);
      if (action === undefined || words === undefined) return complain(io, word, action);
      const { lines, data, isError = false } = await act(await operations.get(), action, words);
      if (io.json) io.print(JSON.stringify(data));
      else for (const line of lines) io.print(line);
      return isError ? 1 : 0;
    },
  };
}

function readWords(action: Action, words: readonly string[]): Words | undefined {
  const usage: string = USAGES[action];
  const names: string[] = [];
  let flag: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("-")) names.push(word);
    else if (word === FLAGS[action] && flag === undefined && words[i + 1] !== undefined) flag = words[++i];
    else return undefined;
  }
  const isWanted = / (?:NAME|URL)/.test(usage);
  const most = isWanted || usage.includes("[NAME]") ? 1 : 0;
  if (names.length > most || (isWanted && names.length === 0)) return undefined;
  return { name: names[0], flag };
}

function complain(io: CommandIo, word: string | undefined, action: Action | undefined): number {
  const why = word === undefined
    ? "an action is missing"
    : action === undefined
    ? `"${word}" is no action${didYouMean(word, ACTIONS)}`
    : `the words behind "${word}" are not what it takes`;
  const usage = action === undefined ? Object.values(USAGES).join('", "collet skill_repos ') : USAGES[action];
  const fix = `Run "collet skill_repos ${usage}"`;
  io.warn(new KernelError("OPTION_INVALID", `Cannot run "skill_repos": ${why}`, { fix }).format());
  return WRONG_USAGE;
}

async function act(operations: Operations, action: Action, { name = "", flag }: Words): Promise<Report> {
  // whoever sits at the machine is its user, and is asked nothing
  const call = createCall();
  switch (action) {
    case "add":
      return await operations.add({ url: name, branch: flag }, call);
    case "list":
      return await operations.list(name || undefined, ALL);
    case "update":
      return await operations.update(name || undefined, call);
    case "remove":
      return await operations.remove(name, call);
    case "pin":
      return await operations.pin(name, { commit: flag }, call);
    case "unpin":
      return await operations.pin(name, { off: true }, call);
    case "diff":
      return await operations.diff(name, { skill: flag, page: ALL }, call);
    case "trust":
      return await operations.permissions.allow(name, { skill: flag });
    case "untrust":
      return await operations.permissions.revoke(name, { skill: flag });
    case "install":
      return await operations.install(name || undefined, call);
  }
}
