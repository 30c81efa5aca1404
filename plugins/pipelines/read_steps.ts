/**
 * Reads steps as they are on the wire, or in a manifest: with everything that is wrong with their shape at once.
 *
 * @module
 */
import { compileSchema, isObject, type Issue, type JsonObject, type ParseResult } from "../../kernel/mod.ts";
import {
  DEFAULT_ITEM_NAME,
  FIELDS_OF_KINDS,
  MAX_LEVELS,
  MAX_STEPS,
  type RetryPolicy,
  type Step,
  STEP_FIELDS,
  STEP_KINDS,
  type StepBase,
  type StepFields,
  StepInput,
  type StepKind,
  type SwitchCase,
} from "./definition.ts";
import { exampleAt, exampleOf, OTHER_NAMES } from "./field_hints.ts";
import { type Path, Problems } from "./problems.ts";

const STEP = compileSchema(StepInput, { what: "a step of a pipeline" });

/** Steps, as far as they could be read. */
export interface StepsRead {
  /** With every step of which it is known what it does. */
  readonly steps: readonly Step[];
  readonly problems: Problems;
}

/** Reads the steps of a pipeline; they may be run if there are no problems. */
export async function readSteps(value: unknown): Promise<StepsRead> {
  const reader = new StepReader();
  const steps = await reader.readList(value, { path: ["steps"], level: 0 });
  return { steps, problems: reader.problems };
}

/** Where something stands. */
interface Place {
  readonly path: Path;
  /** How many lists of steps are around it. */
  readonly level: number;
}

class StepReader {
  readonly problems: Problems = new Problems();
  #count = 0;

  async readList(value: unknown, { path, level }: Place): Promise<readonly Step[]> {
    if (!Array.isArray(value)) {
      // that it is missing, or what it is instead, is told with the step that has it
      if (path.length === 1) {
        const isText = typeof value === "string";
        const message = `expected a list of steps${isText ? ", found a text" : ""}`;
        this.problems.error(path, { message, fix: exampleOf("steps") });
      }
      return [];
    }
    if (value.length === 0) {
      this.problems.error(path, { message: "found no steps, expected at least one", fix: exampleOf("steps") });
    }
    if (level >= MAX_LEVELS) {
      const message = `found more than ${MAX_LEVELS} levels of steps within steps`;
      this.problems.error(path, { message, fix: "make inner steps a pipeline of their own, and call it as a tool" });
      return [];
    }
    const steps: Step[] = [];
    for (const [index, raw] of value.entries()) {
      if (++this.#count > MAX_STEPS) break;
      const step = await this.#readStep(raw, { path: [...path, index], level });
      if (step !== undefined) steps.push(step);
    }
    if (level === 0 && this.#count > MAX_STEPS) {
      const message = `found more than ${MAX_STEPS} steps in all`;
      this.problems.error(path, { message, fix: "make some of them a pipeline of their own, and call it as a tool" });
    }
    return steps;
  }

  async #readStep(raw: unknown, place: Place): Promise<Step | undefined> {
    const { path } = place;
    if (!isObject(raw)) {
      // within a step it was told with that
      if (place.level > 0) return undefined;
      const found = raw === null ? "null" : Array.isArray(raw) ? "array" : typeof raw;
      this.problems.error(path, { message: `expected object, found ${found}`, fix: exampleOf("tool") });
      return undefined;
    }
    const given = withoutNulls(raw);
    const parsed = await STEP.parse(given);
    if (!parsed.ok) { for (const issue of parsed.issues) this.#tellShape(issue, path); }
    const kind = this.#kindOf(given, path);
    if (kind === undefined) return undefined;
    return await this.#build({ kind, given, fields: await usable(given, parsed) }, place);
  }

  #tellShape({ path: at, message }: Issue, path: Path): void {
    const found = /^unknown key "(.*?)"/.exec(message)?.[1];
    const whole = [...path, ...at];
    if (found === undefined) return this.problems.error(whole, { message, fix: exampleAt(at) });
    const known = OTHER_NAMES.get(found);
    // what is meant is known better than by what is near
    const plain = `unknown key "${found}"`;
    if (at.length === 0 && ["as", "items", "concurrency"].includes(found)) {
      this.problems.error(whole, { message: plain, fix: `put it in "for_each": ${exampleOf("for_each")}` });
    } else if (known !== undefined) this.problems.error(whole, { message: plain, fix: `it is called "${known}"` });
    else if (at.length > 0) this.problems.error(whole, { message, fix: exampleAt(at) });
    else this.problems.error(whole, { message, fix: `leave it out; a step has ${STEP_FIELDS.join(", ")}` });
  }

  #kindOf(given: JsonObject, path: Path): StepKind | undefined {
    const kinds = STEP_KINDS.filter((it) => Object.hasOwn(given, it));
    if (kinds.length === 1) {
      this.#checkFields(given, { kind: kinds[0]!, path });
      return kinds[0];
    }
    const all = STEP_KINDS.join(", ");
    if (kinds.length === 0) {
      this.problems.error(path, {
        message: `says not what to do: expected one of ${all}`,
        fix: 'add "tool" with the name of the tool to call',
      });
      return undefined;
    }
    const found = kinds.map((it) => `"${it}"`).join(" and ");
    const isLoop = kinds.includes("for_each");
    this.problems.error(path, {
      message: `does two things: expected one of ${all}, found ${found}`,
      fix: isLoop ? `put what is done for each item in the "steps" of "for_each"` : "make them steps of their own",
    });
    // what is within it is still looked at
    return kinds.find((it) => it !== "tool") ?? kinds[0];
  }

  #checkFields(given: JsonObject, { kind, path }: { readonly kind: StepKind; readonly path: Path }): void {
    for (const [field, kinds] of Object.entries(FIELDS_OF_KINDS)) {
      if (!Object.hasOwn(given, field) || kinds.includes(kind)) continue;
      this.problems.error([...path, field], {
        message: `means nothing to a step with "${kind}"`,
        fix: `leave it out, or give it to the steps within that have ${kinds.map((it) => `"${it}"`).join(" or ")}`,
      });
    }
  }

  async #build(
    { kind, given, fields }: { readonly kind: StepKind; readonly given: JsonObject; readonly fields: StepFields },
    place: Place,
  ): Promise<Step> {
    const base = await this.#buildBase(given, { fields, place });
    const inner = (value: unknown, ...at: Path) =>
      this.readList(value, { path: [...place.path, ...at], level: place.level + 1 });
    switch (kind) {
      case "tool":
        return { ...base, kind, tool: fields.tool ?? "", args: fields.args ?? {}, cacheMs: fields.cache?.ttl_ms };
      case "steps":
      case "parallel":
        return { ...base, kind, steps: await inner(given[kind], kind) };
      case "for_each": {
        const raw = isObject(given[kind]) ? given[kind] : {};
        const { as: itemName = DEFAULT_ITEM_NAME, concurrency = 1 } = fields.for_each ?? {};
        return {
          ...base,
          kind,
          items: raw["items"],
          itemName,
          concurrency,
          steps: await inner(raw["steps"], kind, "steps"),
        };
      }
      case "switch":
        return { ...base, kind, cases: await this.#buildCases(given[kind], place) };
      case "wait_for_input":
        return { ...base, kind, message: fields.wait_for_input?.message ?? "", schema: fields.wait_for_input?.schema };
    }
  }

  async #buildBase(
    given: JsonObject,
    { fields, place }: { readonly fields: StepFields; readonly place: Place },
  ): Promise<StepBase> {
    const onError = given["on_error"] === undefined
      ? undefined
      : await this.readList(given["on_error"], { path: [...place.path, "on_error"], level: place.level + 1 });
    return {
      path: place.path,
      name: fields.name,
      condition: fields.condition,
      continueOnError: fields.continue_on_error ?? false,
      retry: fields.retry === undefined ? undefined : toPolicy(fields.retry),
      timeoutMs: fields.timeout_ms,
      output: fields.output,
      onError,
    };
  }

  async #buildCases(value: unknown, { path, level }: Place): Promise<readonly SwitchCase[]> {
    const given = Array.isArray(value) ? value : [];
    if (Array.isArray(value) && value.length === 0) {
      const fix = exampleOf("switch");
      this.problems.error([...path, "switch"], { message: "found no cases, expected at least one", fix });
    }
    const cases: SwitchCase[] = [];
    for (const [index, raw] of given.entries()) {
      const { condition, steps } = isObject(raw) ? withoutNulls(raw) : {};
      const at = [...path, "switch", index];
      if (condition === undefined && index < given.length - 1) {
        const message = "a case without a condition holds always, and those after it are never reached";
        this.problems.error(at, { message, fix: 'give it a "condition", or make it the last one' });
      }
      cases.push({
        condition: typeof condition === "string" ? condition : undefined,
        steps: await this.readList(steps, { path: [...at, "steps"], level: level + 1 }),
      });
    }
    return cases;
  }
}

function toPolicy(retry: NonNullable<StepFields["retry"]>): RetryPolicy {
  const { max_attempts: maxAttempts, delay_ms: delayMs, backoff_rate: backoffRate, max_delay_ms: maxDelayMs } = retry;
  return { maxAttempts, delayMs, backoffRate, maxDelayMs };
}

/** Gives a step with its defaults, and without the fields that are wrong. */
async function usable(given: JsonObject, parsed: ParseResult<StepFields>): Promise<StepFields> {
  if (parsed.ok) return parsed.value;
  const wrong = new Set(parsed.issues.map(({ path }) => path[0]));
  const entries = Object.entries(given).filter(([key]) => STEP_FIELDS.includes(key) && !wrong.has(key));
  const again = await STEP.parse(Object.fromEntries(entries));
  return again.ok ? again.value : { continue_on_error: false };
}

// other programs write null for "not given", also in the objects that some fields hold; arguments are left as they are
function withoutNulls(raw: JsonObject): JsonObject {
  const entries = Object.entries(raw).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, OPTIONS.includes(key) ? cleaned(value) : value]));
}

const OPTIONS: readonly string[] = ["for_each", "switch", "wait_for_input", "retry", "cache"];

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, it]) => it !== null)) : value;
}
