/**
 * The language of expressions: a part of the Common Expression Language (https://cel.dev), which has no loops without an
 * end, no assignments and no way out of it.
 *
 * What is left out would make the time of an expression hard to bound: regular expressions, `map`, variables of one's own,
 * and loops over anything but lists that are referred to. Numbers of JSON are doubles, so that arithmetic of doubles and
 * integers is added.
 *
 * @module
 */
import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { didYouMean } from "../../../kernel/mod.ts";
import type { Malformed } from "../references/reference.ts";
import type { ExpressionSize } from "./metered_values.ts";
import { isVariableName } from "./translation.ts";

/** Parts of which an expression may be made. */
const MOST_PARTS = 500;
/** The library counts the characters of a text one by one. */
const COUNTING = 10;
/** Functions before their arguments, and how much their time depends on the length of a text. */
const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ["has", 0],
  ["size", COUNTING],
  ["int", 1],
  ["double", 1],
  ["string", 0],
]);
/** Functions after a value and a dot. */
const METHODS: ReadonlyMap<string, number> = new Map([
  ["size", COUNTING],
  ["contains", 1],
  ["startsWith", 1],
  ["endsWith", 1],
  ["lowerAscii", 1],
  ["upperAscii", 1],
  ["trim", 1],
]);
/** Functions that evaluate their second argument for each item of a list. */
const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter"]);
const TEXT_OPERATORS: ReadonlySet<string> = new Set(["+", "==", "!=", "in", "<", "<=", ">", ">="]);
const OPERATORS: ReadonlySet<string> = new Set([...TEXT_OPERATORS, "-", "*", "/", "%", "&&", "||", "?:", "[]", "list"]);

type Numbers = (left: number | bigint, right: number | bigint) => number;

/** Makes an environment that knows arithmetic of mixed numbers. */
export function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: MOST_PARTS, maxDepth: 50 },
  });
  const mixed: Readonly<Record<string, Numbers>> = {
    "+": (a, b) => Number(a) + Number(b),
    "-": (a, b) => Number(a) - Number(b),
    "*": (a, b) => Number(a) * Number(b),
    "/": (a, b) => Number(a) / Number(b),
    "%": (a, b) => Number(a) % Number(b),
  };
  for (const [sign, calculate] of Object.entries(mixed)) {
    environment.registerOperator(`double ${sign} int`, calculate);
    environment.registerOperator(`int ${sign} double`, calculate);
  }
  return environment.registerOperator("double % double", mixed["%"]!);
}

/** Walks over an expression: nothing passes that is not known here. */
export class Inspection {
  readonly #isVariable: (node: ASTNode) => boolean;
  #parts = 0;
  #textParts = 0;

  /** @param isVariable Tells whether a name stands for a reference. */
  constructor(isVariable: (node: ASTNode) => boolean) {
    this.#isVariable = isVariable;
  }

  /** The size of what was inspected. */
  get size(): ExpressionSize {
    return { parts: this.#parts, textParts: this.#textParts };
  }

  /** Finds the first part that is not allowed. */
  inspect(node: ASTNode, items: readonly string[] = []): Malformed | undefined {
    this.#parts++;
    switch (node.op) {
      case "value":
        // JSON has no bytes, and one kind of numbers
        return typeof node.args === "object" && node.args !== null
          ? refuse(node, "bytes and unsigned numbers are not part of conditions", "write a text or a number")
          : undefined;
      case "id":
        return this.#isVariable(node) || items.includes(node.args) ? undefined : noVariable(node, node.args);
      case ".":
        return this.inspect(node.args[0], items);
      case "!_":
      case "-_":
        return this.inspect(node.args, items);
      case "map":
        return this.#inspectAll(node.args.flat(), items);
      case "call":
        return this.#inspectCall(node, { name: node.args[0], known: FUNCTIONS, values: node.args[1], items });
      case "rcall":
        return this.#inspectMethod(node, node.args, items);
    }
    if (!OPERATORS.has(node.op)) return refuse(node, `"${node.op}" is not part of conditions`);
    if (TEXT_OPERATORS.has(node.op)) this.#textParts++;
    return this.#inspectAll(node.args as readonly ASTNode[], items);
  }

  #inspectAll(nodes: readonly ASTNode[], items: readonly string[]): Malformed | undefined {
    for (const node of nodes) {
      const refusal = this.inspect(node, items);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #inspectCall(node: ASTNode, { name, known, values, items }: {
    readonly name: string;
    readonly known: ReadonlyMap<string, number>;
    readonly values: readonly ASTNode[];
    readonly items: readonly string[];
  }): Malformed | undefined {
    const weight = known.get(name);
    if (weight === undefined) return noFunction(node, name);
    this.#textParts += weight;
    return this.#inspectAll(values, items);
  }

  #inspectMethod(
    node: ASTNode,
    [name, receiver, values]: readonly [string, ASTNode, readonly ASTNode[]],
    items: readonly string[],
  ): Malformed | undefined {
    if (!LOOPS.has(name)) {
      return this.#inspectCall(node, { name, known: METHODS, values: [receiver, ...values], items });
    }
    const [item, body] = values;
    if (item?.op !== "id" || body === undefined || values.length !== 2) {
      return refuse(node, `"${name}" takes a name and a condition`, `write list.${name}(item, item.count > 0)`);
    }
    if (isVariableName(item.args)) return refuse(item, `"${item.args}" is taken`, "write another name");
    if (!isLoopable(receiver)) {
      return refuse(receiver, `"${name}" takes a list that is referred to`, `write $step.list.${name}(…)`);
    }
    return this.inspect(receiver, items) ?? this.inspect(body, [...items, item.args]);
  }
}

// what a loop runs over is read through a meter, which ends it even where the library goes on after errors
function isLoopable(node: ASTNode): boolean {
  if (node.op === "id") return true;
  return (node.op === "." || node.op === "[]") && isLoopable(node.args[0]);
}

function refuse(
  node: ASTNode,
  message: string,
  fix = "leave it out, or let a tool answer and test its answer",
): Malformed {
  return { message, fix, at: node.start };
}

function noVariable(node: ASTNode, name: string): Malformed {
  return refuse(node, `"${name}" is no reference`, `write "${name}" in quotes, or $${name} for the step of this name`);
}

function noFunction(node: ASTNode, name: string): Malformed {
  const known = [...FUNCTIONS.keys(), ...METHODS.keys(), ...LOOPS];
  return refuse(
    node,
    `"${name}" is no function of conditions${didYouMean(name, known)}`,
    `there are ${[...new Set(known)].sort().join(", ")}`,
  );
}
