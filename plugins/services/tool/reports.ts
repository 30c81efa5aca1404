/**
 * How services are told of: as data, and as lines that people read.
 *
 * @module
 */
import { type ToolResult, toolResult } from "../../../kernel/mod.ts";
import type { ContainerState, StartedContainer } from "../containers/containers.ts";
import { digestOfDefinition, type ServiceDefinition } from "../definition/definition.ts";
import type { StoredDefinition } from "../definition/definitions.ts";
import type { ServiceReport, ServicesAnswer } from "./input.ts";

/** Makes a result of a text and its data. */
export function answer(text: string, data: ServicesAnswer, { isError = false } = {}): ToolResult {
  return toolResult({ content: [{ type: "text", text }], structuredContent: data, ...(isError && { isError }) });
}

/** Tells of a service that has a state. */
export async function reportOf(
  definition: ServiceDefinition | undefined,
  state: ContainerState,
): Promise<ServiceReport> {
  const { digest, healthOutput, startedAt, exitCode, isOutOfMemory, error, ports, ...rest } = state;
  const isChanged = definition !== undefined && digest !== undefined && digest !== await digestOfDefinition(definition);
  return {
    ...rest,
    ...definedOf(definition),
    ports: ports.map((it) => ({ ...it })),
    ...(healthOutput !== undefined && { health_output: healthOutput }),
    ...(startedAt !== undefined && { started_at: startedAt }),
    ...(exitCode !== undefined && { exit_code: exitCode }),
    ...(isOutOfMemory && { is_out_of_memory: true }),
    ...(error !== undefined && { problem: error }),
    ...(isChanged && { is_changed: true }),
  };
}

/** Tells of a service whose state is not known. */
export function reportWithoutState(stored: StoredDefinition): ServiceReport {
  return "definition" in stored
    ? { name: stored.name, status: "unknown", ...definedOf(stored.definition) }
    : { name: stored.name, status: "invalid", problem: stored.problem };
}

/** Tells of a service that was started. */
export async function reportOfStart(definition: ServiceDefinition, { state, outcome }: StartedContainer) {
  return { ...await reportOf(definition, state), outcome };
}

function definedOf(definition: ServiceDefinition | undefined): Partial<ServiceReport> {
  if (definition === undefined) return {};
  const { image, description, depends_on } = definition;
  return {
    image,
    ...(description !== "" && { description }),
    ...(depends_on.length > 0 && { depends_on: [...depends_on] }),
  };
}

const OUTCOMES: Readonly<Record<StartedContainer["outcome"], string>> = {
  running: "",
  started: ", started",
  created: ", started in a new container",
  recreated: ", started in a new container, since its definition has changed",
};

/** Writes one line of a service. */
export function lineOf(report: ServiceReport): string {
  const { name, status, outcome, image, health, ports = [], exit_code: code, problem, is_changed: isChanged } = report;
  const parts = [
    STATUS_WORDS[status] ?? status,
    ...(code === undefined ? [] : [`exit code ${code}${report.is_out_of_memory ? ", for want of memory" : ""}`]),
    ...(health === undefined ? [] : [health]),
    ...ports.map(({ address, host, container, protocol }) => `${address}:${host} → ${container}/${protocol}`),
    ...(isChanged ? ["its definition has changed: start makes its container anew"] : []),
    ...(problem === undefined ? [] : [problem]),
  ];
  const made = OUTCOMES[outcome as StartedContainer["outcome"]] ?? "";
  return `- **${name}**${image === undefined ? "" : ` (${image})`}: ${parts.join(", ")}${made}`;
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  absent: "not started yet",
  foreign: "its container was not made by this server",
  created: "made, never started",
  exited: "stopped",
  invalid: "cannot be used",
};
