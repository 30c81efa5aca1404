/**
 * Which mechanism confines: the one that was asked for, or the strongest that works on this machine, found by running it.
 *
 * @module
 */
import { type Environment, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import type { Mechanism } from "./confinement.ts";
import type { Mode } from "./modes.ts";
import type { MechanismProgram } from "./view.ts";

/** What is known of a mechanism on this machine. */
export interface Probed {
  readonly name: Mechanism;
  /** `works` when it was run and did what it should. */
  readonly state: "works" | "fails" | "absent";
  /** Absolute path of its program, or why it does not work. */
  readonly detail: string;
  /** What to do where it does not work. */
  readonly remedy?: string;
}

/** A mechanism that works, and its program. */
export interface Chosen {
  readonly mechanism: MechanismProgram;
  /** Absolute path. */
  readonly path: string;
}

/** What {@linkcode Selection} works with. */
export interface SelectionOptions {
  readonly mode: Mode;
  readonly environment: Pick<Environment, "os">;
  readonly processes: Pick<Processes, "which">;
  /** The strongest first. */
  readonly mechanisms: readonly MechanismProgram[];
  /** Runs something inside; rejects with the program's own words when it does not start. */
  readonly attempt: (chosen: Chosen) => Promise<void>;
  /** Hears of the choice. */
  readonly onChosen: (chosen: Chosen | "deno" | undefined) => void;
}

/** Finds the mechanism, once. */
export class Selection {
  readonly #options: SelectionOptions;
  readonly #probed = new Map<Mechanism, Promise<Probed>>();
  #chosen: Promise<Chosen | "deno" | undefined> | undefined;

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /**
   * Gives the mechanism; `deno` for the permissions of that runtime, `undefined` where nothing confines.
   *
   * @throws {ToolError} when one was asked for and does not work, or one is installed and none works.
   */
  choose(): Promise<Chosen | "deno" | undefined> {
    return this.#chosen ??= this.#choose().then((chosen) => {
      this.#options.onChosen(chosen);
      return chosen;
    }).catch((error) => {
      // what is installed or allowed meanwhile counts at the next attempt
      this.#chosen = undefined;
      this.#probed.clear();
      throw error;
    });
  }

  async #choose(): Promise<Chosen | "deno" | undefined> {
    const { mode, mechanisms } = this.#options;
    if (mode === "off") return undefined;
    if (mode === "deno") return "deno";
    const candidates = mechanisms.filter(({ name }) => mode === "auto" || mode === "required" || mode === name);
    const found: Probed[] = [];
    for (const mechanism of candidates) {
      const probed = await this.probe(mechanism.name);
      if (probed.state === "works") return { mechanism, path: probed.detail };
      found.push(probed);
    }
    if (mode === "auto" && found.every(({ state }) => state === "absent")) return undefined;
    throw new ToolError(`Cannot confine: ${describe(found, mode)}`, { data: { sandbox: found } });
  }

  /** Looks whether a mechanism works here, once. */
  probe(name: Mechanism): Promise<Probed> {
    const known = this.#probed.get(name) ?? this.#probe(name);
    this.#probed.set(name, known);
    return known;
  }

  async #probe(name: Mechanism): Promise<Probed> {
    const { processes, environment, mechanisms, attempt } = this.#options;
    const mechanism = mechanisms.find((it) => it.name === name);
    if (mechanism === undefined) {
      const path = await processes.which("deno");
      return path === undefined
        ? { name, state: "absent", detail: "deno is not in PATH", remedy: "install Deno" }
        : { name, state: "works", detail: path };
    }
    const path = environment.os === "linux" ? await processes.which(mechanism.program) : undefined;
    if (path === undefined) {
      const detail = environment.os === "linux" ? `${mechanism.program} is not in PATH` : "it needs Linux";
      return { name, state: "absent", detail, remedy: mechanism.remedy(undefined) };
    }
    try {
      await attempt({ mechanism, path });
      return { name, state: "works", detail: path };
    } catch (error) {
      const detail = messageOf(error);
      return { name, state: "fails", detail: `${path} does not start: ${detail}`, remedy: mechanism.remedy(detail) };
    }
  }
}

function describe(found: readonly Probed[], mode: Mode): string {
  const reasons = found.map(({ name, detail, remedy }) => `${name}: ${detail}; ${remedy}`).join(". ");
  const asked = mode === "auto" ? "a sandbox is installed and none works" : `"${mode}" is asked for and does not work`;
  return `${asked}. ${reasons}. Or accept that scripts have all rights of this user, with --sandbox off`;
}
