/**
 * The rules as a list for `firejail --seccomp=`. Source: firejail(1) and syscalls.txt of firejail 0.9.72.
 *
 * @module
 */
import { ENOSYS, EPERM, type Rule, RULES } from "./rules.ts";

/**
 * The system calls that are refused whatever their arguments are, to be joined with commas; firejail adds its own default
 * list to them. It passes over names that it does not know: those of other architectures, and of kernels newer than it
 * (0.9.72 knows them up to `process_madvise`; by number it passes over the newer ones as well).
 *
 * Rules that look at arguments cannot be said so. Firejail has options for some: `--restrict-namespaces` for clone(),
 * `--protocol=unix,inet,inet6,netlink` for socket(), `--seccomp.block-secondary` for other architectures. What is newer
 * than the rules, it allows.
 */
export const FIREJAIL_SYSCALLS: readonly string[] = RULES.filter(({ when }) => when === undefined).flatMap(listEntries);

/** @throws {RangeError} when the error has no name here. */
function listEntries({ syscalls, errno }: Rule): readonly string[] {
  if (errno === EPERM) return syscalls;
  if (errno === ENOSYS) return syscalls.map((name) => `${name}:ENOSYS`);
  throw new RangeError(`Cannot write error ${errno} for firejail: expected ${EPERM} or ${ENOSYS}`);
}
