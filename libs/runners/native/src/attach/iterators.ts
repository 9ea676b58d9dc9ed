import {
  attachIterator,
  type BpfLink,
  type BpfProgram,
  findCgroup,
  type IteratorScope,
  IteratorText,
} from '@ecli/bpf';
import { ArgumentError, nearNames, printable } from '@ecli/core';
import type { Attachment, AttachRequest, PlanContext, Planner } from './attachment.ts';
import { parseId, placeNeeded } from './place.ts';

/**
 * Programs that the kernel runs for each of some of its objects, and whose text is their output. What
 * `--attach PROG=` takes for them:
 *
 *     iter/bpf_map_elem, iter/bpf_sk_storage_map, iter/sockmap    MAP of the same object by its name, of any in the
 *                                                                 kernel by its id or by its path in bpffs
 *     iter/task, iter/task_file, iter/task_vma                    PID; without one, all processes
 *     iter/cgroup                                                 a cgroup's path, to go over it and those in it;
 *                                                                 without one, the root
 */
export const ITERATOR_PLANNERS: Readonly<Record<string, Planner>> = { iter: planIterator };

const OVER_MAPS = ['bpf_map_elem', 'bpf_sk_storage_map', 'sockmap'];
const OVER_TASKS = ['task', 'task_file', 'task_vma'];

function planIterator(request: AttachRequest, context: PlanContext): Attachment {
  return new IteratorAttachment(request.program, scopeOf(request, context));
}

function scopeOf(request: AttachRequest, { object }: PlanContext): IteratorScope | undefined {
  const { target, asked, program } = request;
  if (OVER_MAPS.includes(target)) return mapScope(request, object.maps);
  if (target === 'cgroup') return { cgroup: findCgroup(asked) };
  if (asked === undefined) return undefined;
  if (!OVER_TASKS.includes(target)) {
    throw new ArgumentError(
      `--attach ${printable(program.name)}=${printable(asked)}: ${printable(program.section)} goes over all there are`,
      [],
    );
  }
  const pid = parseId(asked);
  if (pid === undefined) throw placeNeeded(request, 'PID');
  return { pid };
}

function mapScope(request: AttachRequest, maps: PlanContext['object']['maps']): IteratorScope {
  const { asked, program } = request;
  if (asked === undefined) throw placeNeeded(request, 'MAP');
  const map = maps.find(({ name }) => name === asked);
  if (map) return { map };
  const mapId = parseId(asked);
  if (mapId !== undefined) return { mapId };
  if (asked.includes('/')) return { mapPath: asked };
  const known = maps.map(({ name }) => name);
  const near = nearNames(asked, known);
  throw new ArgumentError(
    `--attach ${printable(program.name)}=${printable(asked)}: the object has no such map`,
    known,
    {
      hint:
        near.length > 0
          ? `did you mean ${near.map(printable).join(' or ')}?`
          : `its maps: ${known.map(printable).join(', ') || 'none'}; an id or a path in bpffs is of any in the kernel`,
    },
  );
}

/** An iterator and what it goes over. */
export class IteratorAttachment implements Attachment {
  private link: BpfLink | undefined;

  constructor(
    readonly program: BpfProgram,
    private readonly scope: IteratorScope | undefined,
  ) {}

  get where(): string {
    return this.program.section;
  }

  attach(): BpfLink {
    this.link = attachIterator(this.program, this.scope);
    return this.link;
  }

  /** Starts a run, once it is attached. The caller closes the text. @throws OUTPUT_FAILED */
  open(): IteratorText {
    if (!this.link) throw new Error(`iterator ${printable(this.program.name)}: isn't attached`);
    return IteratorText.open(this.program, this.link);
  }
}
