/**
 * Times that a call sets on a file.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { SyncTimes } from "../../../../kernel/mod.ts";
import { WasiFailure } from "./errno.ts";
import { realTime } from "./clocks.ts";

/**
 * Reads the times that `fd_filestat_set_times` and `path_filestat_set_times` are given.
 *
 * @throws {WasiFailure} `INVAL` when a time is to be both now and another one.
 */
export function readTimes(accessed: bigint, modified: bigint, flags: number): SyncTimes {
  const atim = readTime(accessed, flags, { given: wasi.FSTFLAGS_ATIM, now: wasi.FSTFLAGS_ATIM_NOW });
  const mtim = readTime(modified, flags, { given: wasi.FSTFLAGS_MTIM, now: wasi.FSTFLAGS_MTIM_NOW });
  return { ...(atim === undefined ? {} : { accessed: atim }), ...(mtim === undefined ? {} : { modified: mtim }) };
}

function readTime(
  time: bigint,
  flags: number,
  bits: { readonly given: number; readonly now: number },
): bigint | undefined {
  const isGiven = (flags & bits.given) !== 0;
  const isNow = (flags & bits.now) !== 0;
  if (isGiven && isNow) throw new WasiFailure("INVAL");
  if (isNow) return realTime();
  return isGiven ? time : undefined;
}
