import { type BpfObject, type BpfProgram, inNetworkNamespace, sectionTarget, sectionWord } from '@ecli/bpf';
import type { ObjectFile } from '@ecli/btf';
import { ArgumentError, type AttachTarget, EcliError, type LoadSpec, nearNames, printable } from '@ecli/core';
import type { ProgramMeta } from '@ecli/packages';
import type { Attachment, AttachRequest, PlanContext, Planner } from './attachment.ts';
import { KINDS_OF_NAMESPACES, NETWORK_PLANNERS } from './network.ts';
import { planStructOps } from './struct-ops.ts';
import { TRACING_PLANNERS } from './tracing.ts';

/** How programs are attached, by the first word of their section. */
const PLANNERS: Readonly<Record<string, Planner>> = { ...TRACING_PLANNERS, ...NETWORK_PLANNERS };

/** Programs that are run by BPF_PROG_TEST_RUN and attached to nothing. */
const CALLED = 'syscall';
const STRUCT_OPS = 'struct_ops';
const SAMPLING = 'perf_event';

/**
 * Finds where the programs of a package go, in the package's order. Those that are only to be loaded (`link` is
 * false) and those that libbpf doesn't load unless it is told to (sections that begin with `?`) are left alone,
 * as the skeletons of bpftool do, unless the user says where to attach them.
 *
 * @throws PACKAGE_INVALID for a program that the object doesn't have; ARGUMENT_INVALID for one that the user names
 * and the package doesn't have, and for a place that is missing; FEATURE_UNSUPPORTED for a kind that can't be
 * attached
 */
export function planAttachments(
  programs: readonly ProgramMeta[],
  object: BpfObject,
  file: ObjectFile,
  spec: Pick<LoadSpec, 'attach' | 'netns' | 'frequency'>,
): readonly Attachment[] {
  const asked = new Map(spec.attach?.map(({ program, target }) => [program, target]));
  refuseUnknown([...asked.keys()], programs);
  refuseTwice(spec.attach ?? []);
  // A namespace that isn't there is an error, also where no program goes there.
  if (spec.netns !== undefined) inNetworkNamespace(spec.netns, () => undefined);
  const context: PlanContext = { object, file, spec };
  const requests = programs.flatMap((meta) => {
    const program = findProgram(meta, object);
    const target = asked.get(meta.name);
    if (target !== undefined) program.setAutoload(true);
    else if (!meta.link || !program.autoload) return [];
    return [requestOf(program, meta, target)];
  });
  if (spec.frequency !== undefined && !requests.some(({ kind }) => kind === SAMPLING)) throw noSampling();
  const operation = requests.find(({ kind }) => kind === STRUCT_OPS);
  const attachments = [
    ...requests.filter(isAttachedByItself).map((request) => planOne(request, context)),
    ...(operation ? planStructOps(operation.program, object) : []),
  ];
  // Last, for a place that is wrong is the nearer reason.
  if (spec.netns !== undefined && !object.programs.some(isOfNamespace)) throw noneInside();
  return attachments.sort((a, b) => Number(b.early ?? false) - Number(a.early ?? false));
}

function isOfNamespace({ section }: BpfProgram): boolean {
  return KINDS_OF_NAMESPACES.has(sectionWord(section));
}

function isAttachedByItself({ kind, asked }: AttachRequest): boolean {
  return kind !== STRUCT_OPS && (kind !== CALLED || asked !== undefined);
}

function refuseUnknown(names: readonly string[], programs: readonly ProgramMeta[]): void {
  const known = programs.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearNames(unknown, known);
  const hint =
    near.length > 0
      ? `did you mean ${near.map(printable).join(' or ')}?`
      : `its programs: ${known.map(printable).join(', ')}`;
  throw new ArgumentError(`--attach ${printable(unknown)}: the package has no such program`, known, { hint });
}

function refuseTwice(wishes: readonly AttachTarget[]): void {
  const twice = wishes.find((wish) => wishes.find(({ program }) => program === wish.program) !== wish);
  if (!twice) return;
  throw new ArgumentError(`--attach ${printable(twice.program)}: it is given two places`, [], {
    hint: 'a program is attached to one: start ecli once more for the other',
  });
}

function noSampling(): ArgumentError {
  return new ArgumentError('--frequency: the package has no program that samples an event', [], {
    hint: 'programs of section perf_event do',
  });
}

function noneInside(): ArgumentError {
  return new ArgumentError(
    '--netns: the package has no program that is attached in a network namespace',
    [],
    {
      hint: `those of ${[...KINDS_OF_NAMESPACES].join(', ')} are; leave it out for others`,
    },
  );
}

function findProgram({ name }: ProgramMeta, object: BpfObject): BpfProgram {
  const program = object.program(name);
  if (program) return program;
  throw new EcliError(
    'PACKAGE_INVALID',
    `program ${printable(name)}: the package names it, its object doesn't have it`,
    { hint: 'the package and its object do not belong together: build the package again' },
  );
}

function requestOf(program: BpfProgram, meta: ProgramMeta, asked: string | undefined): AttachRequest {
  const { section } = program;
  return {
    program,
    meta,
    kind: sectionWord(section),
    target: sectionTarget(section),
    ...(asked !== undefined && { asked }),
  };
}

function planOne(request: AttachRequest, context: PlanContext): Attachment {
  const planner = Object.hasOwn(PLANNERS, request.kind) ? PLANNERS[request.kind] : undefined;
  if (planner) return planner(request, context);
  const { name, section } = request.program;
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)} (section ${printable(section)}): ecli knows no way to attach it`,
    { hint: 'a package can have it loaded and not attached: "link": false' },
  );
}
