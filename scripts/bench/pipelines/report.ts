/**
 * What was found of pipelines, for readers.
 *
 * @module
 */
import { spread, table } from "../markdown.ts";
import type { PipelineResults } from "./mod.ts";

/** Writes the section. */
export function pipelineSection({ costs }: PipelineResults): string[] {
  return [
    "Calls of `echo` made by one run of a pipeline, which is recorded so that it can be resumed, beside the same calls " +
    "made one after the other: from the kernel's call to its result inside the server, and by the SDK's client over HTTP. " +
    "What is added is by call; below zero, the pipeline is the faster way.",
    table(
      ["", "by the pipeline ms", "directly ms", "ratio", "added µs/call"],
      costs.map(({ title, all, added }) => [
        title,
        spread(all.own),
        spread(all.other),
        spread(all.ratio),
        spread(added, 1 / 1_000),
      ]),
    ),
  ];
}
