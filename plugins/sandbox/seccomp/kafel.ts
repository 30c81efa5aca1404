/**
 * The rules as a policy in the language Kafel, for `nsjail --seccomp_string`. Source: the README of google/kafel.
 *
 * @module
 */
import { type Architecture, NEWEST, numberOf } from "./numbers.ts";
import { ENOSYS, type Rule, RULES, type Test } from "./rules.ts";

/** The numbers that no kernel's table reaches yet; the x32 interface of x86-64 ends at 547. */
const END = 600;
const X32 = 0x4000_0000;
const ARGUMENTS = ["a", "b", "c", "d"] as const;

/**
 * Writes the policy for an architecture. System calls have their numbers instead of names, since nsjail's releases know
 * those of their time only, and refuse a whole policy for one name that they do not know; arguments have names of the
 * policy's own for the same reason.
 *
 * Kafel ends the thread of another architecture, and cannot say "from this number on": what is newer than the rules, and
 * the x32 interface, are listed one by one, up to 600.
 *
 * @param architecture What nsjail runs on.
 */
export function kafelPolicy(architecture: Architecture): string {
  const beyond = listNumbers(NEWEST + 1, END);
  if (architecture === "x64") beyond.push(...listNumbers(X32, X32 + END));
  const blocks = RULES.flatMap((rule) => {
    const matches = rule.syscalls.flatMap((syscall) => {
      const number = numberOf(syscall, architecture);
      return number === undefined ? [] : [matchOf(number, rule)];
    });
    return matches.length === 0 ? [] : [blockOf(rule.errno, matches)];
  });
  return `POLICY tools {\n${
    [...blocks, blockOf(ENOSYS, beyond.map(callOf))].join(",\n")
  }\n}\nUSE tools DEFAULT ALLOW\n`;
}

function listNumbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}

function blockOf(errno: number, matches: readonly string[]): string {
  return `ERRNO(${errno}) { ${matches.join(", ")} }`;
}

function callOf(number: number): string {
  return `SYSCALL[${number}]`;
}

function matchOf(number: number, { when }: Rule): string {
  if (when === undefined) return callOf(number);
  return `${callOf(number)}(${ARGUMENTS.join(", ")}) { ${when.map(conditionOf).join(" && ")} }`;
}

function conditionOf(test: Test): string {
  const tested = `(${ARGUMENTS[test.argument]} & ${test.mask ?? 0xffff_ffff})`;
  const [values, operator, conjunction] = "oneOf" in test ? [test.oneOf, "==", "||"] : [test.noneOf, "!=", "&&"];
  return `(${values.map((value) => `${tested} ${operator} ${value}`).join(` ${conjunction} `)})`;
}
