/**
 * What is told of repositories, to people and to programs: the words of the tools and of the command line.
 *
 * @module
 */
import type { JsonObject } from "../../kernel/mod.ts";
import { plainText } from "../trust/contract.ts";
import type { LeftOut } from "./checkout.ts";
import type { Added, Repository, Updated } from "./repositories.ts";
import type { SkillStanding } from "./trusting.ts";
import { countSkills, howToTrust, someOf } from "./wording.ts";

/** What an operation answers. */
export interface Report {
  /** Lines for people. */
  readonly lines: readonly string[];
  /** The same for programs. */
  readonly data: JsonObject;
  readonly isError?: boolean;
}

/** A part of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** Most items of a list beside the text. */
const MOST_LISTED = 50;
const MOST_LEFT_OUT = 20;
const MOST_LEFT_OUT_LINES = 10;

/** Tells what was added. */
export function reportAdded({ repository, isNew, leftOut }: Added, standings: readonly SkillStanding[]): Report {
  const { name, url, branch, commit } = repository;
  const names = repository.skills.map((skill) => skill.name);
  const waiting = standings.filter(isWaiting).map(({ skill }) => skill.name);
  const done = isNew ? `Added repo '${name}' with` : `Repo '${name}' was added before, with`;
  const lines = [`${done} ${countSkills(names.length)}: ${someOf(names)}`, ...leftOutLines(leftOut)];
  if (waiting.length > 0) {
    lines.push(
      `${countSkills(waiting.length)} of it ${waiting.length === 1 ? "has" : "have"} scripts that nobody has allowed ` +
        `yet; they can be read and loaded, and run when they are allowed: ${howToTrust(name)}`,
    );
  }
  const data = {
    name,
    url,
    ...(branch !== undefined && { branch }),
    commit,
    is_new: isNew,
    count: names.length,
    skills: names.slice(0, MOST_LISTED),
    truncated: names.length > MOST_LISTED,
    ...leftOutFields(leftOut),
    untrusted: {
      count: waiting.length,
      skills: waiting.slice(0, MOST_LISTED),
      ...(waiting.length > 0 && { how: howToTrust(name) }),
    },
  };
  return { lines, data };
}

/** Tells whether scripts of a skill wait for a person. */
export function isWaiting({ status }: SkillStanding): boolean {
  return status === "untrusted" || status === "changed";
}

/** Says in a line what a repository is. */
export function repositoryLine(repository: Repository, allowed: number): string {
  const { name, url, branch, commit, isPinned, isPresent, skills } = repository;
  const facts = [
    `${url}${branch === undefined ? "" : ` (${branch})`} at ${commit.slice(0, 12)}`,
    countSkills(skills.length),
    `${allowed} allowed to run scripts`,
    ...(isPinned ? ["pinned"] : []),
    ...(isPresent ? [] : ["not on this machine: get it with skill_repos install"]),
  ];
  return `- ${name}: ${facts.join(", ")}`;
}

/** Gives a repository for programs. */
export function repositoryData(repository: Repository, allowed: number): JsonObject {
  const { name, url, branch, commit, isPinned, isPresent, addedAt, updatedAt, skills } = repository;
  return {
    name,
    url,
    ...(branch !== undefined && { branch }),
    commit,
    pinned: isPinned,
    present: isPresent,
    added_at: addedAt,
    updated_at: updatedAt,
    count: skills.length,
    allowed,
  };
}

/** Says what an update brought. */
export function updatedLines({ repository, before, isSame, problem, leftOut, ...names }: Updated): readonly string[] {
  const { name, commit, isPinned } = repository;
  if (problem !== undefined) return [`Repo '${name}' stays at ${before.slice(0, 12)}: ${problem}`];
  if (isSame) return [`Repo '${name}' is up to date at ${commit.slice(0, 12)}${isPinned ? ", pinned" : ""}`];
  const parts = (["added", "removed", "changed"] as const).filter((it) => names[it].length > 0).map((it) =>
    `${names[it].length} ${it}: ${someOf(names[it])}`
  );
  const what = parts.length === 0 ? "no skill is another" : parts.join("; ");
  return [
    `Repo '${name}' went from ${before.slice(0, 12)} to ${commit.slice(0, 12)} with ${
      countSkills(repository.skills.length)
    }; ${what}`,
    ...leftOutLines(leftOut),
  ];
}

/** Gives for programs what an update brought. */
export function updatedData(updated: Updated): JsonObject {
  const { repository, before, added, removed, changed, isSame, problem, leftOut } = updated;
  return {
    name: repository.name,
    before,
    commit: repository.commit,
    pinned: repository.isPinned,
    is_same: isSame,
    count: repository.skills.length,
    added: listOf(added),
    removed: listOf(removed),
    changed: listOf(changed),
    ...leftOutFields(leftOut),
    ...(problem !== undefined && { problem }),
  };
}

function listOf(names: readonly string[]): JsonObject {
  return { count: names.length, skills: names.slice(0, MOST_LISTED) };
}

function leftOutLines(leftOut: readonly LeftOut[]): readonly string[] {
  if (leftOut.length === 0) return [];
  const more = leftOut.length > MOST_LEFT_OUT_LINES ? [`- and ${leftOut.length - MOST_LEFT_OUT_LINES} more`] : [];
  const items = leftOut.slice(0, MOST_LEFT_OUT_LINES).map(({ path, reason }) =>
    `- ${plainText(path)}: ${plainText(reason)}`
  );
  return ["Left out:", ...items, ...more];
}

function leftOutFields(leftOut: readonly LeftOut[]): JsonObject {
  const shown = leftOut.slice(0, MOST_LEFT_OUT).map(({ path, reason }) => ({ path, reason }));
  return { left_out: shown, left_out_total: leftOut.length };
}

/** Says that there is nothing to decide. */
export function nothingToAllow(name: string): Report {
  const data = { name, trusted: { count: 0, skills: [] }, untrusted: { count: 0, skills: [] } };
  return { lines: [`Nothing of repo '${name}' waits to be allowed`], data };
}

/** Tells what may run now. */
export function allowedReport(name: string, them: readonly SkillStanding[]): Report {
  const names = them.map(({ skill }) => skill.name);
  return {
    lines: [`Allowed: scripts of ${countSkills(names.length)} of repo '${name}' run as they are now: ${someOf(names)}`],
    data: { name, trusted: { count: names.length, skills: names.slice(0, 50) }, untrusted: { count: 0, skills: [] } },
  };
}

/** Says in a line how to go on, if there is more. */
export function moreLine(total: number, { limit, offset }: Page): readonly string[] {
  return offset + limit < total ? [`${total} in all; the next ones with offset ${offset + limit}`] : [];
}

/** Gives for programs which part of a list it is. */
export function pageFields(total: number, { limit, offset }: Page): object {
  return { total, limit, offset, truncated: offset + limit < total };
}
