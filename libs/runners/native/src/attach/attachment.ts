import type { BpfObject, BpfProgram } from '@ecli/bpf';
import type { ObjectFile } from '@ecli/btf';
import type { LoadSpec } from '@ecli/core';
import type { ProgramMeta } from '@ecli/packages';

/** Something attached; it stays so until it is destroyed. */
export interface Link {
  /** Detaches. Idempotent, and never throws for what is gone already. */
  destroy(): void;
  /** Tells whether it was cut off before it was destroyed; links that can't know don't have it. */
  isDefunct?(): boolean;
}

/** What may go while a program is attached to it. */
export interface Place {
  /** For people: `interface eth0`. */
  readonly title: string;
  isThere(): boolean;
}

/** A program and the place it goes to, known before load and made after it. */
export interface Attachment {
  readonly program: BpfProgram;
  /** For people: `eth0 (xdp)`, `tp/sched/sched_switch`. */
  readonly where: string;
  /** Attached before the others, because what they do counts on it. */
  readonly early?: boolean;
  /** Known of attachments whose links tell when they are cut off. */
  readonly place?: Place;
  /**
   * Attaches, once, after the object is loaded; on a failure nothing stays attached.
   *
   * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
   */
  attach(): Link;
}

/** An attachment that was made. */
export interface Attached {
  readonly attachment: Attachment;
  readonly link: Link;
}

/** One program of a package that is to be attached. */
export interface AttachRequest {
  readonly program: BpfProgram;
  /** What the package says of it, network options among that. */
  readonly meta: ProgramMeta;
  /** The section's first word, less `.s`, `.w` and `.frags`: `kprobe.multi`, `xdp`, `cgroup`. */
  readonly kind: string;
  /** What follows the section's first slash; empty where nothing does. */
  readonly target: string;
  /** The user's word for the place (`--attach PROG=…`), which counts in place of the section's and the package's. */
  readonly asked?: string;
}

/** What a family of kinds may need to know beside the program. */
export interface PlanContext {
  /** Opened, not loaded yet: programs may still be told what to become. */
  readonly object: BpfObject;
  readonly file: ObjectFile;
  readonly spec: Pick<LoadSpec, 'attach' | 'netns' | 'frequency'>;
}

/**
 * Decides where a program of some kind goes.
 *
 * @throws ARGUMENT_INVALID for a place that makes no sense or that is missing, PACKAGE_INVALID,
 * FEATURE_UNSUPPORTED for kinds that something else attaches
 */
export type Planner = (request: AttachRequest, context: PlanContext) => Attachment;
