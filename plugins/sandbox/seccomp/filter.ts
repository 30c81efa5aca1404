/**
 * The rules as a seccomp filter, for `bwrap --seccomp`.
 *
 * The filter finds a system call's rules by binary search over the numbers, so that the many that have none are let
 * through after a few comparisons. It looks at arguments only where a rule needs them: what is allowed by its number
 * alone, kernels since 5.11 find out once, and no longer run the filter for.
 *
 * @module
 */
import * as bpf from "./bpf.ts";
import { type Architecture, NEWEST, numberOf } from "./numbers.ts";
import { ENOSYS, type Rule, RULES, type Test } from "./rules.ts";

/** Source: AUDIT_ARCH_* of include/uapi/linux/audit.h. */
const AUDIT_ARCHITECTURES: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** What is done with the system calls from a number on, up to where the next segment begins. */
interface Segment {
  readonly from: number;
  readonly program: readonly bpf.Instruction[];
}

/**
 * Makes the filter for an architecture: refuses what the rules refuse, ends programs of other architectures, says
 * `ENOSYS` to system calls that are newer than the rules, and allows everything else.
 *
 * @param architecture What the confined programs run on; a filter for another one ends each of them at once.
 * @returns An array of `struct sock_filter`, little-endian.
 */
export function seccompFilter(architecture: Architecture): Uint8Array<ArrayBuffer> {
  return bpf.assemble([
    bpf.load(bpf.ARCHITECTURE_OFFSET),
    bpf.ifEqual(AUDIT_ARCHITECTURES[architecture], { so: 1, not: 0 }),
    bpf.answer(bpf.KILL_PROCESS),
    bpf.load(bpf.NUMBER_OFFSET),
    ...search(listSegments(architecture)),
  ]);
}

/** Parts the numbers, from 0 to the highest, into segments that are treated alike. */
function listSegments(architecture: Architecture): Segment[] {
  const allow = [bpf.answer(bpf.ALLOW)];
  const numbers = new Map<number, Rule[]>();
  for (const rule of RULES) {
    for (const syscall of rule.syscalls) {
      const number = numberOf(syscall, architecture);
      if (number !== undefined) numbers.set(number, [...numbers.get(number) ?? [], rule]);
    }
  }
  const segments: Segment[] = [{ from: 0, program: allow }];
  for (const [number, rules] of [...numbers].sort(([a], [b]) => a - b)) {
    segments.push({ from: number, program: judge(rules) }, { from: number + 1, program: allow });
  }
  segments.push({ from: NEWEST + 1, program: [bpf.answer(bpf.errno(ENOSYS))] });
  return segments
    .filter(({ from }, index) => from !== segments[index + 1]?.from)
    .filter(({ program }, index, all) => String(program) !== String(all[index - 1]?.program));
}

/** Finds the segment of the number that was loaded, and goes on in its program. Each program ends in an answer. */
function search(segments: readonly Segment[]): readonly bpf.Instruction[] {
  if (segments.length === 1) return segments[0]!.program;
  const middle = segments.length >> 1;
  const lower = search(segments.slice(0, middle));
  return [
    bpf.ifAtLeast(segments[middle]!.from, { so: lower.length, not: 0 }),
    ...lower,
    ...search(segments.slice(middle)),
  ];
}

/** Answers with the error of the first rule whose tests hold. */
function judge(rules: readonly Rule[]): bpf.Instruction[] {
  const program = rules.flatMap(({ when = [], errno }) =>
    when.reduceRight<bpf.Instruction[]>(
      (rest, test) => [...tryTest(test, rest.length), ...rest],
      [bpf.answer(bpf.errno(errno))],
    )
  );
  return rules.some(({ when }) => when === undefined) ? program : [...program, bpf.answer(bpf.ALLOW)];
}

/** Runs into what follows where the test holds, and skips `rest` instructions where it does not. */
function tryTest(test: Test, rest: number): bpf.Instruction[] {
  const [values, ifOne, ifNone] = "oneOf" in test ? [test.oneOf, 0, rest] : [test.noneOf, rest, 0];
  const comparisons = values.map((value, index) => {
    const left = values.length - 1 - index;
    return bpf.ifEqual(value, { so: left + ifOne, not: left === 0 ? ifNone : 0 });
  });
  const masked = test.mask === undefined ? [] : [bpf.and(test.mask)];
  return [bpf.load(bpf.argumentOffset(test.argument)), ...masked, ...comparisons];
}
