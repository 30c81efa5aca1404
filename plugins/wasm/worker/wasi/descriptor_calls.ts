/**
 * The calls on open descriptors that the shim lacks, or has in another way than libraries expect.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { WasiCalls } from "./calls.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DescriptorTable } from "./descriptor_table.ts";
import { WasiFailure } from "./errno.ts";
import type { ModuleMemory } from "./memory.ts";

/** Makes the calls; the rest of `fd_*` are those of the shim. */
export function descriptorCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return { ...transferCalls(memory, table), ...otherCalls(table), ...socketCalls(table) };
}

function transferCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return {
    fd_read: (fd: number, vectors: number, count: number, out: number) => {
      const descriptor = table.get(fd);
      const total = fill(descriptor, memory.vectors(vectors, count), (size) => descriptor.fd_read(size).data);
      memory.setUint32(out, total);
    },
    fd_pread: (fd: number, vectors: number, count: number, offset: bigint, out: number) => {
      const descriptor = table.get(fd);
      const total = fill(descriptor, memory.vectors(vectors, count), (size, done) => {
        return descriptor.fd_pread(size, offset + BigInt(done)).data;
      });
      memory.setUint32(out, total);
    },
    fd_write: (fd: number, vectors: number, count: number, out: number) => {
      const descriptor = table.get(fd);
      memory.setUint32(out, drain(memory.vectors(vectors, count), (bytes) => descriptor.fd_write(bytes).nwritten));
    },
    fd_pwrite: (fd: number, vectors: number, count: number, offset: bigint, out: number) => {
      const descriptor = table.get(fd);
      const total = drain(memory.vectors(vectors, count), (bytes, done) => {
        return descriptor.fd_pwrite(bytes, offset + BigInt(done)).nwritten;
      });
      memory.setUint32(out, total);
    },
  };
}

/**
 * Reads into parts of memory until one is not filled, or the next would wait though something was read. Without a part it
 * still asks, for a refusal.
 */
function fill(
  descriptor: Descriptor,
  parts: readonly Uint8Array[],
  read: (size: number, done: number) => Uint8Array,
): number {
  let done = 0;
  for (const part of parts.length === 0 ? [new Uint8Array()] : parts) {
    if (done > 0 && descriptor.wouldWait) break;
    const data = read(part.length, done);
    part.set(data);
    done += data.length;
    if (data.length < part.length) break;
  }
  return done;
}

/** Writes parts of memory until one is not taken whole. */
function drain(parts: readonly Uint8Array[], write: (bytes: Uint8Array, done: number) => number): number {
  let done = 0;
  for (const part of parts.length === 0 ? [new Uint8Array()] : parts) {
    const count = write(part, done);
    done += count;
    if (count < part.length) break;
  }
  return done;
}

function otherCalls(table: DescriptorTable): WasiCalls {
  return {
    fd_advise: (fd: number, _offset: bigint, _length: bigint, advice: number) => {
      const descriptor = table.get(fd);
      if (advice > wasi.ADVICE_NOREUSE) throw new WasiFailure("INVAL");
      descriptor.advise();
    },
    fd_renumber: (from: number, to: number) => table.renumber(from, to),
  };
}

function socketCalls(table: DescriptorTable): WasiCalls {
  const refuse = (fd: number) => {
    table.get(fd);
    throw new WasiFailure("NOTSOCK");
  };
  return { sock_accept: refuse, sock_recv: refuse, sock_send: refuse, sock_shutdown: refuse };
}
