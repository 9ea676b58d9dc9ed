import {
  attachFilter,
  attachToInterface,
  attachToPackets,
  attachXdp,
  type FilterPoint,
  findInterface,
  hasInterface,
  inNetworkNamespace,
  type NetworkInterface,
  XdpFlags,
} from '@ecli/bpf';
import { EcliError, printable } from '@ecli/core';
import type { ProgramMeta } from '@ecli/packages';
import type { Attachment, AttachRequest, Place, PlanContext } from '../attachment.ts';
import { numberOption, parseTarget, type PlaceTarget, targetError } from './target.ts';

/** formats.md 1: what `ifindex` is where a package doesn't say; the loopback of every network namespace. */
const DEFAULT_INTERFACE = 1;

/** The user's interface, or the package's. @throws ATTACH_FAILED when it isn't there */
function interfaceOf(
  { place }: PlaceTarget,
  index: number | undefined,
  { spec: { netns } }: PlanContext,
): NetworkInterface {
  return inNetworkNamespace(netns, () => findInterface(place === '' ? (index ?? DEFAULT_INTERFACE) : place));
}

function placeOf(at: NetworkInterface, { spec: { netns } }: PlanContext): Place {
  return {
    title: `interface ${at.name}`,
    isThere: () => inNetworkNamespace(netns, () => hasInterface(at)),
  };
}

function whereText(what: string, { spec: { netns } }: PlanContext): string {
  return netns === undefined ? what : `${what} in ${netns}`;
}

/** libbpf.h spells the modes as flags; ip-link(8) has words for two of them. */
const XDP_MODES: Readonly<Record<string, number>> = {
  native: XdpFlags.DRV_MODE,
  generic: XdpFlags.SKB_MODE,
  offload: XdpFlags.HW_MODE,
};
const XDP_FLAGS = Object.values(XdpFlags).reduce((all, flag) => all | flag, 0);
const XDP_MODE_FLAGS = Object.values(XDP_MODES).reduce((all, flag) => all | flag, 0);

/** `IF[:native|generic|offload]` */
export function planXdp(request: AttachRequest, context: PlanContext): Attachment {
  const { program, meta } = request;
  if (request.target !== '') throw runsFromMap(request);
  const target = parseTarget(request, { words: Object.keys(XDP_MODES) });
  const at = interfaceOf(target, meta.ifindex, context);
  const packaged = packagedFlags(meta);
  const flags = target.word === undefined ? packaged : (XDP_MODES[target.word] ?? 0);
  if (flags & XdpFlags.HW_MODE) prepareOffload(request, at, context);
  const oldProgram = meta.xdpopts?.old_prog_fd;
  return {
    program,
    where: whereText(`${at.name} (${xdpMode(flags)})`, context),
    place: placeOf(at, context),
    attach: () =>
      attachXdp(program, {
        interface: at,
        namespace: context.spec.netns,
        flags,
        // libbpf takes 0 for none.
        ...(oldProgram !== undefined && oldProgram > 0 && { oldProgram }),
      }),
  };
}

function xdpMode(flags: number): string {
  const mode = Object.entries(XDP_MODES).find(([, flag]) => flags & flag);
  return mode === undefined ? 'xdp' : `xdp ${mode[0]}`;
}

function packagedFlags({ name, flags = 0 }: ProgramMeta): number {
  const modes = flags & XDP_MODE_FLAGS;
  const severalModes = (modes & (modes - 1)) !== 0;
  if ((flags & ~XDP_FLAGS) === 0 && !severalModes) return flags;
  throw new EcliError('PACKAGE_INVALID', `program ${printable(name)}: flags ${flags} are not those of XDP`, {
    hint: '0, or one of 2 (generic), 4 (native) and 8 (offload)',
  });
}

/** Programs and maps are made for a card when they are loaded. */
function prepareOffload({ program }: AttachRequest, card: NetworkInterface, context: PlanContext): void {
  if (context.spec.netns !== undefined) {
    throw new EcliError(
      'FEATURE_UNSUPPORTED',
      `program ${printable(program.name)}: is offloaded in the network namespace of ecli only`,
      { hint: `run ecli there: nsenter --net=${context.spec.netns} ecli run …` },
    );
  }
  context.object.offload(program, card);
}

/** libbpf.c, section_defs: `xdp/devmap`, `xdp/cpumap` */
function runsFromMap({ program: { name, section }, target }: AttachRequest): EcliError {
  return new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)} (${printable(section)}): runs from an entry of a ${printable(target)}, not from an interface`,
    { hint: 'a package can have it loaded and not attached: "link": false' },
  );
}

const DIRECTIONS = ['ingress', 'egress'] as const;
const MOST_PRIORITY = 0xffff;
const MOST_HANDLE = 0xffffffff;

/** `IF[:ingress|egress][,priority=N][,handle=N]` or `IF,parent=MAJOR:MINOR…`; `tc/ingress` is tcx. */
export function planTc(request: AttachRequest, context: PlanContext): Attachment {
  if (request.target !== '') return planInterface(request, context);
  const { program, meta } = request;
  const target = parseTarget(request, { words: DIRECTIONS, options: ['priority', 'handle', 'parent'] });
  const at = interfaceOf(target, meta.tchook?.ifindex, context);
  const point = filterPoint(request, target);
  const { handle: packagedHandle = 1, priority: packagedPriority = 1 } = meta.tcopts ?? {};
  if (packagedPriority > MOST_PRIORITY) {
    throw new EcliError(
      'PACKAGE_INVALID',
      `program ${printable(program.name)}: tcopts.priority ${packagedPriority} is above ${MOST_PRIORITY}`,
    );
  }
  const numbers = {
    priority: { otherwise: packagedPriority, least: 0, most: MOST_PRIORITY },
    handle: { otherwise: packagedHandle, least: 0, most: MOST_HANDLE },
  };
  const priority = numberOption(request, target, 'priority', numbers.priority);
  const handle = numberOption(request, target, 'handle', numbers.handle);
  const direction = typeof point === 'string' ? point : `parent ${target.options.get('parent') ?? ''}`;
  return {
    program,
    where: whereText(`${at.name} (tc ${direction}, priority ${priority}, handle ${handle})`, context),
    place: placeOf(at, context),
    attach: () =>
      attachFilter(program, { interface: at, namespace: context.spec.netns, point, handle, priority }),
  };
}

function filterPoint(request: AttachRequest, { word, options }: PlaceTarget): FilterPoint {
  const parent = options.get('parent');
  if (parent !== undefined) return { parent: parseParent(request, parent) };
  const asked = DIRECTIONS.find((direction) => direction === word);
  return asked ?? packagedPoint(request);
}

/** tc(8): `MAJOR:MINOR`, hexadecimal, either may be left out. */
function parseParent(request: AttachRequest, text: string): number {
  const [, major, minor] = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i.exec(text) ?? [];
  const parent = ((parseInt(`0${major}`, 16) << 16) | parseInt(`0${minor ?? ''}`, 16)) >>> 0;
  if (major !== undefined && parent !== 0) return parent;
  throw targetError(
    request,
    `parent ${printable(text)} is none of traffic control`,
    'it is written as tc does, such as 1:10; tc qdisc show and tc class show list them',
  );
}

function packagedPoint({ program: { name }, meta }: AttachRequest): FilterPoint {
  const { attach_point: point = 'BPF_TC_INGRESS' } = meta.tchook ?? {};
  if (point === 'BPF_TC_INGRESS') return 'ingress';
  if (point === 'BPF_TC_EGRESS') return 'egress';
  if (point === 'BPF_TC_CUSTOM') {
    throw new EcliError(
      'FEATURE_UNSUPPORTED',
      `program ${printable(name)}: BPF_TC_CUSTOM takes a parent, which a package can't say`,
      { hint: `say it: --attach ${printable(name)}=eth0,parent=1:10` },
    );
  }
  throw new EcliError(
    'PACKAGE_INVALID',
    `program ${printable(name)}: tchook.attach_point ${printable(point)} is none`,
    {
      hint: 'it is BPF_TC_INGRESS, BPF_TC_EGRESS or BPF_TC_CUSTOM',
    },
  );
}

/** `IF`: tcx and netkit, whose sections say the rest. */
export function planInterface(request: AttachRequest, context: PlanContext): Attachment {
  const { program, meta } = request;
  const at = interfaceOf(parseTarget(request), meta.tchook?.ifindex ?? meta.ifindex, context);
  return {
    program,
    where: whereText(`${at.name} (${program.section})`, context),
    place: placeOf(at, context),
    attach: () => attachToInterface(program, at, context.spec.netns),
  };
}

/** `IF`, or all interfaces where the user names none. */
export function planSocketFilter(request: AttachRequest, context: PlanContext): Attachment {
  const { program } = request;
  const target = parseTarget(request);
  const at = target.place === '' ? undefined : interfaceOf(target, undefined, context);
  return {
    program,
    where: whereText(`a packet socket of ${at?.name ?? 'all interfaces'}`, context),
    ...(at && { place: placeOf(at, context) }),
    attach: () => attachToPackets(program, at, context.spec.netns),
  };
}
