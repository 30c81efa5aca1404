/**
 * Where the streams of a run come from and go to.
 *
 * @module
 */
import type { ModuleHost } from "../hosts.ts";
import type { ModuleRun } from "../messages.ts";
import { CollectedOutput, OutputExceeded, PassedOutput } from "./output.ts";
import { InputStream, OutputStream } from "./streams.ts";

/** Most bytes of stderr; what is beyond them is dropped. */
const MOST_ERRORS = 1024 * 1024;

/** The streams of a run. */
export class RunStreams {
  /** stdin, stdout and stderr. */
  readonly descriptors: readonly [InputStream, OutputStream, OutputStream];
  readonly #stdout: CollectedOutput | PassedOutput;
  readonly #errors: PassedOutput;
  #isExceeded = false;

  constructor({ stdin, isInteractive, outputBytes: most }: ModuleRun, host: ModuleHost) {
    let isCut = false;
    this.#stdout = isInteractive
      ? new PassedOutput((text) => host.stdout(text), { most, onExceeded: refuse })
      : new CollectedOutput(most);
    this.#errors = new PassedOutput((text) => host.stderr(text), {
      most: MOST_ERRORS,
      onExceeded: () => {
        if (isCut) return;
        isCut = true;
        this.#errors.end();
        host.stderr(`\n[stderr is cut after ${MOST_ERRORS} bytes]\n`);
      },
    });
    this.descriptors = [
      new InputStream(stdin, () => isInteractive ? host.readStdin() : undefined),
      new OutputStream((bytes) => this.#write(bytes), { isTerminal: isInteractive }),
      new OutputStream((bytes) => this.#errors.add(bytes)),
    ];
  }

  /** Whether more was written to stdout than may be. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** Gives what was collected of stdout; nothing where it was passed on. */
  stdout(): string {
    return this.#stdout instanceof CollectedOutput ? this.#stdout.text() : "";
  }

  /** Passes on what is left. */
  end(): void {
    if (this.#stdout instanceof PassedOutput) this.#stdout.end();
    this.#errors.end();
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#stdout.add(bytes);
    } catch (error) {
      this.#isExceeded ||= error instanceof OutputExceeded;
      throw error;
    }
  }
}

function refuse(): never {
  throw new OutputExceeded();
}
