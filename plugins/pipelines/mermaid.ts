/**
 * Draws a pipeline as a Mermaid flowchart.
 *
 * Source: the flowchart syntax of Mermaid 11; texts are in quotes, with its entity codes (`#35;`) for all that could
 * mean something there, directives included.
 *
 * @module
 */
import { formatPath } from "../../kernel/mod.ts";
import type { Step, SwitchStep } from "./definition.ts";
import { readSteps } from "./read_steps.ts";

/** Most characters of a text in the drawing. */
const MAX_TEXT = 60;
const PLAIN_REGEXP = /[\p{L}\p{M}\p{N} _$,:()[\]/=!?'.-]/u;
const SECOND_MS = 1_000;

/** How the marks of steps look; other marks cannot be seen. */
const LOOKS: Readonly<Record<string, string>> = {
  completed: "stroke:#2e7d32,stroke-width:2px",
  failed: "stroke:#c62828,stroke-width:3px",
  interrupted: "stroke:#ef6c00,stroke-width:3px,stroke-dasharray:6 3",
  running: "stroke:#1565c0,stroke-width:3px",
  skipped: "stroke-dasharray:4 4",
};

/**
 * Draws the steps of a pipeline, from `start` to `done`.
 *
 * @param markOf Tells what is to be seen of a step, such as that it has `failed`.
 */
export function toMermaid(
  steps: readonly Step[],
  markOf: (step: Step) => string | undefined = () => undefined,
): string {
  const drawing = new Drawing(markOf);
  drawing.line('start(["start"])');
  const exits = drawing.drawInTurn(steps, [{ from: "start" }]);
  drawing.line('done(["done"])');
  drawing.connect(exits, "done");
  return `flowchart TD\n${drawing.text()}`;
}

/** Draws steps as they are on the wire, as far as they can be read. */
export async function drawSteps(steps: unknown): Promise<string> {
  return toMermaid((await readSteps(steps)).steps);
}

/** A way out of what is drawn. */
interface Exit {
  /** Id of a node or subgraph. */
  readonly from: string;
  readonly label?: string;
  readonly isDotted?: boolean;
}

class Drawing {
  readonly #lines: string[] = [];
  // a node that is named within a subgraph becomes a part of it: edges are written after all of them
  readonly #edges: string[] = [];
  readonly #marked = new Map<string, string[]>();
  readonly #markOf: (step: Step) => string | undefined;
  #level = 1;
  #count = 0;

  constructor(markOf: (step: Step) => string | undefined) {
    this.#markOf = markOf;
  }

  text(): string {
    const marks = Array.from(this.#marked, ([mark, ids]) => [
      `  classDef ${mark} ${LOOKS[mark]}`,
      `  class ${ids.join(",")} ${mark}`,
    ]);
    return [...this.#lines, ...this.#edges, ...marks.flat()].map((it) => `${it}\n`).join("");
  }

  line(line: string): void {
    this.#lines.push(`${"  ".repeat(this.#level)}${line}`);
  }

  connect(exits: readonly Exit[], to: string): void {
    for (const { from, label, isDotted = false } of exits) {
      this.#edges.push(`  ${from} ${isDotted ? "-.->" : "-->"}${label === undefined ? "" : `|${quote(label)}|`} ${to}`);
    }
  }

  drawInTurn(steps: readonly Step[], entries: readonly Exit[]): readonly Exit[] {
    let exits = entries;
    for (const step of steps) exits = this.#draw(step, exits);
    return exits;
  }

  #draw(step: Step, entries: readonly Exit[]): readonly Exit[] {
    if (step.condition === undefined) return this.#drawTried(step, entries);
    const condition = this.#node("{", "}", [step.condition]);
    this.connect(entries, condition);
    return [...this.#drawTried(step, [{ from: condition, label: "yes" }]), { from: condition, label: "no" }];
  }

  #drawTried(step: Step, entries: readonly Exit[]): readonly Exit[] {
    const { id, exits } = this.#drawBody(step, entries);
    const mark = this.#markOf(step);
    if (mark !== undefined && Object.hasOwn(LOOKS, mark)) {
      this.#marked.set(mark, [...this.#marked.get(mark) ?? [], id]);
    }
    if (step.onError === undefined) return exits;
    return [...exits, ...this.drawInTurn(step.onError, [{ from: id, label: "on error", isDotted: true }])];
  }

  #drawBody(step: Step, entries: readonly Exit[]): { readonly id: string; readonly exits: readonly Exit[] } {
    const [about, notes] = [describeStep(step), notesOf(step)];
    switch (step.kind) {
      case "tool":
      case "wait_for_input": {
        const [open, close] = step.kind === "tool" ? ["[", "]"] : ["[/", "/]"];
        const id = this.#node(open!, close!, [...about, ...notes]);
        this.connect(entries, id);
        return { id, exits: [{ from: id }] };
      }
      case "switch":
        return this.#drawCases(step, entries, [...about, ...notes]);
      default: {
        const id = this.#id();
        // the nodes within stand on all but the first line
        this.line(`subgraph ${id}["${[...about, ...notes].map(escapeText).join(", ")}"]`);
        this.#level++;
        const exits = step.kind === "parallel"
          ? step.steps.flatMap((branch) => this.#draw(branch, entries))
          : this.drawInTurn(step.steps, entries);
        this.#level--;
        this.line("end");
        return { id, exits };
      }
    }
  }

  #drawCases({ cases }: SwitchStep, entries: readonly Exit[], texts: readonly string[]) {
    const id = this.#node("{", "}", texts);
    this.connect(entries, id);
    const exits = cases.flatMap(({ condition, steps }) =>
      this.drawInTurn(steps, [{ from: id, label: condition ?? "else" }])
    );
    const isComplete = cases.some(({ condition }) => condition === undefined);
    return { id, exits: isComplete ? exits : [...exits, { from: id, label: "else" }] };
  }

  #node(open: string, close: string, texts: readonly string[]): string {
    const id = this.#id();
    this.line(`${id}${open}${quote(...texts)}${close}`);
    return id;
  }

  #id(): string {
    return `n${++this.#count}`;
  }
}

/** Says what a step is, a text for each line. */
function describeStep(step: Step): readonly string[] {
  const name = step.name ?? formatPath(step.path);
  switch (step.kind) {
    case "tool":
      return step.name === undefined ? [step.tool] : [step.name, step.tool];
    case "wait_for_input":
      return [name, step.message];
    case "parallel":
      return [name, "at the same time"];
    case "for_each": {
      const items = typeof step.items === "string" ? step.items : "a list";
      const together = step.concurrency === 1 ? [] : [`${step.concurrency} at a time`];
      return [name, `for each ${step.itemName} of ${items}`, ...together];
    }
    default:
      return [name];
  }
}

function notesOf({ retry, timeoutMs, continueOnError }: Step): readonly string[] {
  return [
    ...(retry === undefined ? [] : [`up to ${retry.maxAttempts} attempts`]),
    ...(timeoutMs === undefined ? [] : [`at most ${timeoutMs / SECOND_MS} s`]),
    ...(continueOnError ? ["may fail"] : []),
  ];
}

function quote(...texts: readonly string[]): string {
  return `"${texts.map(escapeText).join("<br/>")}"`;
}

function escapeText(text: string): string {
  const characters = [...text.replace(/\s+/g, " ")];
  const shown = characters.length > MAX_TEXT ? [...characters.slice(0, MAX_TEXT - 1), "…"] : characters;
  return shown.map((it) => PLAIN_REGEXP.test(it) ? it : `#${it.codePointAt(0)};`).join("");
}
