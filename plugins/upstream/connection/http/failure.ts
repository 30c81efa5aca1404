/**
 * An answer of HTTP that is none of the protocol.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";

/** Says with which status a server refused. */
export class HttpFailure extends ToolError {
  override readonly name = "HttpFailure";
  readonly status: number;

  /** @param text What the server said, shortened. */
  constructor(status: number, text: string) {
    const said = text.trim().slice(0, 300);
    super(`The server answered with HTTP ${status}${said === "" ? "" : `: ${said}`}`);
    this.status = status;
  }
}

/** Tells whether an error is one of these. */
export function isHttpFailure(error: unknown): error is HttpFailure {
  return error instanceof HttpFailure;
}
