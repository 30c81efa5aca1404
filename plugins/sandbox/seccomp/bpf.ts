/**
 * An assembler for seccomp filters in classic BPF: pieces of program that are put behind each other. No piece has labels,
 * since each ends in a return or runs into what follows it. Source: Documentation/userspace-api/seccomp_filter.rst and
 * include/uapi/linux/{filter,seccomp}.h of the kernel.
 *
 * @module
 */

/** An instruction: code, instructions to skip when a comparison holds and when it does not, and a number. */
export type Instruction = readonly [code: number, skipIfSo: number, skipIfNot: number, number: number];

/** What a filter answers: the system call is made. */
export const ALLOW = 0x7fff_0000;
/** What a filter answers: the process ends with SIGSYS. */
export const KILL_PROCESS = 0x8000_0000;

/** Where a filter finds things: the fields of `struct seccomp_data`. */
export const NUMBER_OFFSET = 0;
/** Where the architecture lies. */
export const ARCHITECTURE_OFFSET = 4;

const INSTRUCTION_BYTES = 8;
const MOST_SKIPPED = 0xff;

/** Gives the answer that a system call fails with an error. */
export function errno(error: number): number {
  return 0x0005_0000 | error;
}

/** Gives where the lower half of an argument lies; both architectures are little-endian. */
export function argumentOffset(index: number): number {
  return 16 + 8 * index;
}

/** Loads the 32 bits at an offset. */
export function load(offset: number): Instruction {
  return [0x20, 0, 0, offset];
}

/** Keeps those bits of what was loaded that the mask has. */
export function and(mask: number): Instruction {
  return [0x54, 0, 0, mask];
}

/** Skips instructions where what was loaded equals a value, and others where it does not. */
export function ifEqual(value: number, skips: { readonly so: number; readonly not: number }): Instruction {
  return jump(0x15, value, skips);
}

/** Skips instructions where what was loaded is at least a value, unsigned, and others where it is not. */
export function ifAtLeast(value: number, skips: { readonly so: number; readonly not: number }): Instruction {
  return jump(0x35, value, skips);
}

/** Ends with an answer. */
export function answer(value: number): Instruction {
  return [0x06, 0, 0, value];
}

/** Writes instructions as the kernel reads them: an array of `struct sock_filter`. */
export function assemble(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(program.length * INSTRUCTION_BYTES));
  program.forEach(([code, so, not, number], index) => {
    const start = index * INSTRUCTION_BYTES;
    view.setUint16(start, code, true);
    view.setUint8(start + 2, so);
    view.setUint8(start + 3, not);
    view.setUint32(start + 4, number, true);
  });
  return new Uint8Array(view.buffer);
}

/** @throws {RangeError} when it would skip more than an instruction can say. */
function jump(code: number, value: number, { so, not }: { readonly so: number; readonly not: number }): Instruction {
  if (so > MOST_SKIPPED || not > MOST_SKIPPED) {
    throw new RangeError(`Cannot skip ${Math.max(so, not)} instructions: a filter skips at most ${MOST_SKIPPED}`);
  }
  return [code, so, not, value];
}
