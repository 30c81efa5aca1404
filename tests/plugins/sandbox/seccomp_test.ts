import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import {
  type Architecture,
  ARCHITECTURES,
  FIREJAIL_SYSCALLS,
  kafelPolicy,
  type Rule,
  RULES,
  seccompFilter,
  type Test,
} from "../../../plugins/sandbox/seccomp/mod.ts";
import { NEWEST, numberOf, NUMBERS, type Syscall } from "../../../plugins/sandbox/seccomp/numbers.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";

const RUNS = Number(process.env["COLLET_FUZZ_RUNS"] ?? 20_000);
const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const ENOSYS = 0x00050000 + 38;
const X32 = 0x40000000;

/** A system call as a filter sees it: `struct seccomp_data`. */
interface Call {
  readonly number: number;
  readonly arguments: readonly bigint[];
}

const CODES: Readonly<Record<number, string>> = { 0x20: "load", 0x54: "and", 0x15: "equal", 0x35: "atLeast", 6: "end" };

/** Runs a filter as the kernel does, and refuses what the kernel would not load. */
function runFilter(
  filter: Uint8Array,
  { number, arguments: values }: Call,
  audit: number,
): [answer: number, steps: number] {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, audit, true);
  values.forEach((value, index) => data.setBigUint64(16 + 8 * index, value, true));
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let accumulator = 0;
  let at = 0;
  for (let steps = 1;; steps++) {
    assert.ok(at * 8 < filter.length, `jumps behind the end, to ${at}`);
    const code = program.getUint16(at * 8, true);
    const [so, not, k] = [
      program.getUint8(at * 8 + 2),
      program.getUint8(at * 8 + 3),
      program.getUint32(at * 8 + 4, true),
    ];
    at++;
    const name = CODES[code];
    if (name === "load") {
      assert.ok(k % 4 === 0 && k < 64, `loads at ${k}`);
      accumulator = data.getUint32(k, true);
    } else if (name === "and") accumulator = (accumulator & k) >>> 0;
    else if (name === "equal") at += accumulator === k ? so : not;
    else if (name === "atLeast") at += accumulator >= k ? so : not;
    else if (name === "end") return [k, steps];
    else assert.fail(`unknown instruction ${code}`);
  }
}

function hold(test: Test, call: Call): boolean {
  const value = BigInt.asUintN(32, call.arguments[test.argument]!) & BigInt(test.mask ?? 0xffffffff);
  return "oneOf" in test
    ? test.oneOf.some((one) => BigInt(one) === value)
    : !test.noneOf.some((one) => BigInt(one) === value);
}

/** What the rules say of a call, read as they are written. */
function expectedAnswer(call: Call, architecture: Architecture): number {
  if (call.number > NEWEST) return ENOSYS;
  const refuses = ({ syscalls, when = [] }: Rule) =>
    syscalls.some((name) => numberOf(name, architecture) === call.number) && when.every((test) => hold(test, call));
  const rule = RULES.find(refuses);
  return rule === undefined ? ALLOW : 0x00050000 + rule.errno;
}

/** Makes calls that come near what rules look at: every second is of a rule with conditions, and mostly of its values. */
function randomCall(random: () => number, architecture: Architecture): Call {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
  const any32 = () => Math.floor(random() * 2 ** 32);
  const named = (rules = RULES) => numberOf(pick(pick(rules).syscalls), architecture) ?? 0;
  const conditional = () => named(RULES.filter(({ when }) => when !== undefined));
  const below600 = () => Math.floor(random() * 600);
  const others = [named, () => named() + 1, below600, () => X32 + below600(), any32];
  const number = random() < 0.5 ? conditional() : pick(others)();
  const tests = RULES.filter(({ syscalls }) => syscalls.some((name) => numberOf(name, architecture) === number))
    .flatMap(({ when = [] }) => when);
  const half = (index: number) => {
    const near = tests.filter(({ argument }) => argument === index).flatMap((test) => [
      ...("oneOf" in test ? test.oneOf : test.noneOf),
      ((test.mask ?? 0xffffffff) & any32()) >>> 0,
    ]);
    const bit = 1 << Math.floor(random() * 32);
    return pick([() => 0, () => pick(near) ?? 0, () => ((pick(near) ?? 0) | bit) >>> 0, any32])();
  };
  return { number, arguments: [0, 1, 2, 3, 4, 5].map((index) => BigInt(half(index)) << 32n | BigInt(half(index))) };
}

/** Tries random calls of each architecture, and names the seed in whatever fails. */
function forRandomCalls(check: (call: Call, architecture: Architecture) => void): void {
  const seed = Number(process.env["COLLET_SEED"] ?? freshSeed());
  const random = seededRandom(seed);
  for (let run = 0; run < RUNS; run++) {
    const architecture = ARCHITECTURES[run % 2]!;
    const call = randomCall(random, architecture);
    try {
      check(call, architecture);
    } catch (thrown) {
      const what = `${architecture} ${call.number}(${
        call.arguments.map((value) => `0x${value.toString(16)}`).join(", ")
      })`;
      throw new Error(`seed ${seed}: ${what}: ${(thrown as Error).message}`, { cause: thrown });
    }
  }
}

describe("seccompFilter", () => {
  test("answers as the rules say, whatever is called", () => {
    const filters = { x64: seccompFilter("x64"), arm64: seccompFilter("arm64") };
    const seen = new Set<number>();
    forRandomCalls((call, architecture) => {
      const [answer] = runFilter(filters[architecture], call, AUDIT[architecture]);
      assert.equal(answer, expectedAnswer(call, architecture));
      seen.add(answer);
    });
    assert.equal(seen.size, 5, "it allowed, and gave each of the four errors");
  });

  test("ends programs of other architectures, whatever they call", () => {
    const i386 = 0x40000003;
    const other = { x64: AUDIT.arm64, arm64: AUDIT.x64 };
    const filters = { x64: seccompFilter("x64"), arm64: seccompFilter("arm64") };
    forRandomCalls((call, architecture) => {
      assert.equal(runFilter(filters[architecture], call, other[architecture])[0], KILL);
      assert.equal(runFilter(filters[architecture], call, i386)[0], KILL);
    });
  });

  for (
    const [what, name, values, errno] of [
      ["a thread", "clone", [0x3d0f00], 0],
      ["a child", "clone", [0x1200011], 0],
      ["a child in a user namespace", "clone", [0x10000011], 1],
      ["a child in a user namespace, with a set upper half", "clone", [0x7_1000_0011n], 1],
      ["a thread by clone3()", "clone3", [0, 88], 38],
      ["a UNIX socket", "socket", [1, 0x80801, 0], 0],
      ["an IPv6 socket", "socket", [10, 1, 6], 0],
      ["a list of interfaces", "socket", [16, 0x80003, 0], 0],
      ["netlink to the audit system", "socket", [16, 3, 9], 93],
      ["vsock", "socket", [40, 1, 0], 97],
      ["vsock, with a set upper half", "socket", [0x1_0000_0028n, 1, 0], 97],
      ["packets by the old name", "socket", [2, 0x80000 + 10, 0x300], 97],
      ["a pair of UNIX sockets", "socketpair", [1, 1], 0],
      ["a pair of TIPC sockets", "socketpair", [30, 1], 97],
      ["the size of a terminal", "ioctl", [0, 0x5413], 0],
      ["typing into a terminal", "ioctl", [0, 0x5412], 1],
      ["typing into a terminal, with a set upper half", "ioctl", [0, 0xffffffff_00005412n], 1],
      ["the personality it has", "personality", [0xffffffff], 0],
      ["another personality", "personality", [8], 1],
      ["reading, with what lies where the mode would", "openat", [0, 0, 0, 0xffff], 0],
      ["a new file", "openat", [0, 0, 0o101, 0o666], 0],
      ["a new set-user-ID file", "openat", [0, 0, 0o101, 0o4755], 1],
      ["a nameless set-group-ID file", "openat", [0, 0, 0o20200002, 0o2755], 1],
      ["a mode", "fchmodat", [0, 0, 0o1777], 0],
      ["a set-user-ID mode", "fchmodat", [0, 0, 0o4755], 1],
      ["a pipe with a name", "mknodat", [0, 0, 0o010644], 0],
      ["a disk", "mknodat", [0, 0, 0o060644], 1],
      ["a set-user-ID file by mknod()", "mknodat", [0, 0, 0o104755], 1],
    ] as const
  ) {
    test(`${errno === 0 ? "allows" : `gives ${errno} to`} ${what}`, () => {
      for (const architecture of ARCHITECTURES) {
        const call = { number: numberOf(name, architecture)!, arguments: values.map(BigInt) };
        const [answer] = runFilter(seccompFilter(architecture), call, AUDIT[architecture]);
        assert.equal(answer, errno === 0 ? ALLOW : 0x00050000 + errno);
      }
    });
  }

  test("refuses clone() with each flag for a namespace alone", () => {
    const filter = seccompFilter("x64");
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      const call = { number: numberOf("clone", "x64")!, arguments: [BigInt(flag | 17)] };
      assert.equal(runFilter(filter, call, AUDIT.x64)[0], 0x00050001, flag.toString(16));
    }
  });

  test("is short, and decides what has no rule in at most 12 instructions, by the number alone", () => {
    for (const architecture of ARCHITECTURES) {
      const filter = seccompFilter(architecture);
      assert.ok(filter.length / 8 < 400, `${filter.length / 8} instructions`);
      const ruled = new Set(RULES.flatMap(({ syscalls }) => syscalls.map((name) => numberOf(name, architecture))));
      for (let number = 0; number <= NEWEST; number++) {
        if (ruled.has(number)) continue;
        const [answer, steps] = runFilter(filter, { number, arguments: [] }, AUDIT[architecture]);
        assert.equal(answer, ALLOW);
        assert.ok(steps <= 12, `${number} takes ${steps} instructions`);
      }
    }
  });
});

describe("kafelPolicy", () => {
  test("answers as the rules say, whatever is called", () => {
    const policies = { x64: readPolicy(kafelPolicy("x64")), arm64: readPolicy(kafelPolicy("arm64")) };
    forRandomCalls((call, architecture) => {
      // beyond 600, kernels have nothing, and AArch64 has no x32
      const isListed = call.number < 600 || (architecture === "x64" && call.number >= X32 && call.number < X32 + 600);
      const rule = policies[architecture].get(call.number)?.find(({ holds }) => holds(call));
      const answer = rule === undefined ? ALLOW : 0x00050000 + rule.errno;
      assert.equal(answer, isListed ? expectedAnswer(call, architecture) : ALLOW);
    });
  });

  test("fits into an argument of a command", () => {
    assert.ok(kafelPolicy("x64").length < 65_536);
  });
});

interface PolicyRule {
  readonly errno: number;
  holds(call: Call): boolean;
}

/** Reads as much of Kafel as policies use; fails at anything else. */
function readPolicy(text: string): Map<number, PolicyRule[]> {
  const body = /^POLICY \w+ \{\n(?<body>[^]*)\n\}\nUSE \w+ DEFAULT ALLOW\n$/.exec(text)?.groups?.["body"];
  assert.ok(body !== undefined, "a policy, and its use");
  const rules = new Map<number, PolicyRule[]>();
  for (const block of body.split(",\n")) {
    const [, errno, matches] = /^ERRNO\((\d+)\) \{ (.*) \}$/.exec(block) ?? assert.fail(block);
    for (const match of matches!.split(/, (?=SYSCALL)/)) {
      const found = /^SYSCALL\[(\d+)\](?:\(a, b, c, d\) \{ (.*) \})?$/.exec(match) ?? assert.fail(match);
      const condition = found[2];
      const holds = (call: Call) => condition === undefined || evaluate(condition, call);
      rules.set(Number(found[1]), [...rules.get(Number(found[1])) ?? [], { errno: Number(errno), holds }]);
    }
  }
  return rules;
}

/** Evaluates `(x && x) && (x || x)`, where x is `(b & 15) == 3` or with `!=`. */
function evaluate(condition: string, { arguments: values }: Call): boolean {
  const truths = condition.replaceAll(
    /\(([a-d]) & (\d+)\) ([=!])= (\d+)/g,
    (_, name: string, mask, operator, value) => {
      const isEqual = (values["abcd".indexOf(name)]! & BigInt(mask)) === BigInt(value);
      return isEqual === (operator === "=") ? "T" : "F";
    },
  );
  assert.match(truths, /^\([TF](?:( &&| \|\|) [TF](?:\1 [TF])*)?\)(?: && \([TF](?:( &&| \|\|) [TF](?:\2 [TF])*)?\))*$/);
  return truths.split(/(?<=\)) && (?=\()/).every((part) =>
    part.includes("||") ? part.includes("T") : !part.includes("F")
  );
}

describe("FIREJAIL_SYSCALLS", () => {
  test("are what is refused whatever its arguments are, and nothing else", () => {
    const refused = RULES.filter(({ when }) => when === undefined)
      .flatMap(({ syscalls, errno }) => syscalls.map((name) => errno === 38 ? `${name}:ENOSYS` : name));
    assert.deepEqual(FIREJAIL_SYSCALLS, refused);
    for (const entry of ["mount", "keyctl", "clone3:ENOSYS", "io_uring_setup:ENOSYS"]) {
      assert.ok(FIREJAIL_SYSCALLS.includes(entry), entry);
    }
    for (const entry of ["clone", "ioctl", "socket", "openat", "chmod"]) {
      assert.ok(!FIREJAIL_SYSCALLS.includes(entry), entry);
    }
  });
});

describe("NUMBERS", () => {
  for (
    const [architecture, path] of [
      ["x64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"],
      ["arm64", "/usr/include/asm-generic/unistd.h"],
    ] as const
  ) {
    test(`agree with the kernel's header for ${architecture}`, (t: TestContext) => {
      if (!existsSync(path)) return t.skip(`the header ${path} is not installed`);
      const found = readFileSync(path, "utf8").matchAll(/^#define __NR_(\w+)[ \t]+(\d+)$/gm);
      const numbers = new Map(Array.from(found, ([, name, number]) => [name, Number(number)]));
      const newest = Math.max(...numbers.values());
      for (const name of Object.keys(NUMBERS) as Syscall[]) {
        const number = numberOf(name, architecture);
        // the header of an older kernel does not have the newer system calls
        if (number === undefined || number <= newest) assert.equal(numbers.get(name), number, name);
      }
    });
  }

  test("are of system calls that have rules, each", () => {
    const ruled = new Set(RULES.flatMap(({ syscalls }) => syscalls));
    assert.deepEqual(Object.keys(NUMBERS).filter((name) => !ruled.has(name as Syscall)), []);
  });
});
