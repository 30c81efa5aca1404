/**
 * Settings of the plugin.
 *
 * @module
 */
import * as v from "valibot";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
// timers count to this
const MOST_MS = 2_147_483_647;

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Milliseconds = v.pipe(Count, v.maxValue(MOST_MS));

const APPROVALS = ["ask", "require", "off"] as const;
/** Who is asked before code calls a tool that destroys; see {@linkcode CodeConfig.approvals}. */
export type ApprovalPolicy = typeof APPROVALS[number];

/** Bounds of sessions, for each principal. */
export interface SessionsConfig {
  /** Most sessions; 100 by default. */
  readonly most?: number | undefined;
  /** Most bytes of one, as JSON; 1,048,576 by default. */
  readonly max_bytes?: number | undefined;
  /** How long one is kept that no run uses, in milliseconds; one hour by default. */
  readonly idle_ms?: number | undefined;
}

/** Bounds of the files that code writes, for each principal. */
export interface FilesConfig {
  /** Most files; 1,000 by default. */
  readonly most?: number | undefined;
  /** Most bytes of one; 4,194,304 by default, 8,388,608 at most. */
  readonly max_bytes?: number | undefined;
  /** Most bytes of all, as they are stored; 67,108,864 by default. The oldest make room. */
  readonly quota_bytes?: number | undefined;
  /** How long they are kept, in milliseconds; seven days by default. */
  readonly kept_ms?: number | undefined;
}

/** Settings of the plugin, as a caller writes them. */
export interface CodeConfig {
  /** Time limit of a run that asks for none, in milliseconds; 30,000 by default. */
  readonly timeout_ms?: number | undefined;
  /** The longest time that a run may ask for, in milliseconds; 300,000 by default. */
  readonly longest_ms?: number | undefined;
  /**
   * The longest time that a run may wait for a person in all, in milliseconds; this is not part of its time limit. 600,000
   * by default.
   */
  readonly wait_ms?: number | undefined;
  /** Memory of a run, in MiB; 256 by default. */
  readonly memory_mb?: number | undefined;
  /** Most bytes of what a run returns, and of what it prints; 2,097,152 by default. */
  readonly output_bytes?: number | undefined;
  /** Most calls of tools of one run; 10,000 by default. */
  readonly calls?: number | undefined;
  /**
   * What JavaScript sees of time: `coarse`, the default, stands still until something comes from outside; `exact` is that
   * of this machine; `none` refuses to tell it.
   */
  readonly clock?: "none" | "coarse" | "exact" | undefined;
  /**
   * Whether a person is asked before code calls a tool that says that it destroys: `ask`, the default, asks where the
   * client can, and goes on elsewhere; `require` refuses the tool elsewhere; `off` never asks.
   */
  readonly approvals?: ApprovalPolicy | undefined;
  /** What code keeps between runs. */
  readonly sessions?: SessionsConfig | undefined;
  /** Files that code writes. */
  readonly files?: FilesConfig | undefined;
}

/** Parses {@linkcode CodeConfig}. */
export const Config: v.GenericSchema<CodeConfig, CodeSettings> = v.strictObject({
  timeout_ms: v.optional(Milliseconds, 30_000),
  longest_ms: v.optional(Milliseconds, 300_000),
  wait_ms: v.optional(Milliseconds, 600_000),
  memory_mb: v.optional(v.pipe(Count, v.maxValue(4_096)), 256),
  output_bytes: v.optional(Count, 2 * MIB),
  calls: v.optional(Count, 10_000),
  clock: v.optional(v.picklist(["none", "coarse", "exact"]), "coarse"),
  approvals: v.optional(v.picklist(APPROVALS), "ask"),
  sessions: v.optional(
    v.strictObject({
      most: v.optional(Count, 100),
      max_bytes: v.optional(v.pipe(Count, v.maxValue(8 * MIB)), MIB),
      idle_ms: v.optional(Count, 3_600_000),
    }),
    {},
  ),
  files: v.optional(
    v.strictObject({
      most: v.optional(Count, 1_000),
      max_bytes: v.optional(v.pipe(Count, v.maxValue(8 * MIB)), 4 * MIB),
      quota_bytes: v.optional(Count, 64 * MIB),
      kept_ms: v.optional(Count, 7 * DAY_MS),
    }),
    {},
  ),
});

/** Settings with their defaults. */
export interface CodeSettings {
  readonly timeout_ms: number;
  readonly longest_ms: number;
  readonly wait_ms: number;
  readonly memory_mb: number;
  readonly output_bytes: number;
  readonly calls: number;
  readonly clock: "none" | "coarse" | "exact";
  readonly approvals: ApprovalPolicy;
  readonly sessions: SessionLimits;
  readonly files: FileLimits;
}

/** {@linkcode SessionsConfig} with its defaults. */
export interface SessionLimits {
  readonly most: number;
  readonly max_bytes: number;
  readonly idle_ms: number;
}

/** {@linkcode FilesConfig} with its defaults. */
export interface FileLimits {
  readonly most: number;
  readonly max_bytes: number;
  readonly quota_bytes: number;
  readonly kept_ms: number;
}
