/**
 * The contract `AnswerLimit`: how long an answer may be before it is cut, for tools that give a long text in pieces.
 *
 * @module
 */
import { type Contract, contract } from "../../kernel/mod.ts";

/** How long an answer may be. */
export interface AnswerLimit {
  /** Most characters of one answer; of a longer one the head is sent, and links to the rest. */
  readonly characters: number;
}
export const AnswerLimit: Contract<AnswerLimit> = contract("answer-limit");
