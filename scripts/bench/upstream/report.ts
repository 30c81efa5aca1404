/**
 * What was found of other servers, for readers.
 *
 * @module
 */
import { number, spread, table } from "../markdown.ts";
import type { ColdCalls } from "./cold.ts";
import { WAYS } from "./latency.ts";
import { MORE_CLIENTS, type UpstreamMemory, UPSTREAMS } from "./memory.ts";
import type { UpstreamResults } from "./mod.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

/** Writes the section. */
export function upstreamSection({ calls, cold, memory }: UpstreamResults): string[] {
  return [
    "The median latency of a call of `echo` of another server, by the SDK's client in both cases: through Collet, and " +
    "straight to the server. Over stdio that is one client, which starts Collet or the server and has 1 or 16 calls in " +
    "flight, since a process has one stdin; over HTTP it is 1 or 16 clients with a session each, of one Collet before one " +
    "server. In the third way clients come to one Collet over HTTP, which shares one process of the server over stdio; the " +
    "direct ones start a process each: the doors differ, so that it is not judged. `server-everything` runs on Node, on " +
    "whatever Collet runs; the bare one runs on the runtime that is measured. The client's own time is in both. Bytes passed on are those of a process of the " +
    "same runtime that reads none of them, beside the direct call: what one more process costs whatever it does.",
    table(
      [
        "",
        "",
        "at a time",
        "through Collet ms",
        "direct ms",
        "ratio",
        "bytes passed on, ratio",
        "processor of Collet ms/call",
      ],
      calls.map(({ program, way, clients, latency: { own, other, ratio }, pumped, processor }) => [
        ...[program, WAYS[way], String(clients)],
        ...[spread(own), spread(other), spread(ratio), spread(pumped?.ratio), spread(processor)],
      ]),
    ),
    ...coldSection(cold),
    ...(memory === undefined ? [] : memorySection(memory)),
  ];
}

function coldSection({ serverCold, bothCold, firstEver }: ColdCalls): string[] {
  const rows = [
    ["Collet runs and knows its tools, the server does not run", serverCold],
    ["neither runs, its tools are known", bothCold],
    ["neither runs, in an empty home", firstEver],
  ] as const;
  return [
    "The first call of `server-everything` over stdio, in milliseconds: through Collet, from the call, or from the start of " +
    "Collet where that does not run, until the answer; and directly, from the start of the server. In an empty home the " +
    "tools are looked for until they are listed, as a client does.",
    table(
      ["", "through Collet ms", "direct ms", "ratio"],
      rows.map(([title, { own, other, ratio }]) => [title, spread(own), spread(other), spread(ratio)]),
    ),
  ];
}

function memorySection({ perUpstream, perClient, process, processes }: UpstreamMemory): string[] {
  return [
    `What each of ${UPSTREAMS} more running servers adds to Collet, and each of ${MORE_CLIENTS} more clients in a session ` +
    "that has called one of them; garbage is collected before each size is taken. " +
    `A process of the server holds ${spread(process, MIB)} MiB; ${
      number(processes)
    } ran for all clients, one for each ` +
    "definition, where each client would start its own.",
    table(["", "resident KiB", "heap KiB"], [
      ["for each server", spread(perUpstream.resident, KIB), spread(perUpstream.heap, KIB)],
      ["for each client", spread(perClient.resident, KIB), spread(perClient.heap, KIB)],
    ]),
  ];
}
