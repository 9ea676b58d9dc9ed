import { attachToSocketMap, type BpfMap, SOCKET_MAPS } from '@ecli/bpf';
import { EcliError, nearNames, printable } from '@ecli/core';
import type { Attachment, AttachRequest, PlanContext } from '../attachment.ts';
import { targetError, targetNeeded } from './target.ts';

/** The name of a sockmap or sockhash of the object; not needed where it has one. */
export function planSocketMap(request: AttachRequest, { object }: PlanContext): Attachment {
  const { program } = request;
  if (program.section === 'sk_skb') throw kindNeeded(request);
  const map = chooseMap(
    request,
    object.maps.filter(({ type }) => SOCKET_MAPS.includes(type)),
  );
  return {
    program,
    where: `map ${map.name} (${program.section})`,
    // Sockets take along what their map has when they come into it.
    early: true,
    attach: () => attachToSocketMap(program, map),
  };
}

/** Before libbpf 1.0 the section may have said nothing of the kind. */
function kindNeeded({ program: { name } }: AttachRequest): EcliError {
  return new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)}: section sk_skb doesn't say which kind`,
    {
      hint: 'it must be sk_skb/stream_parser, sk_skb/stream_verdict or sk_skb/verdict',
    },
  );
}

function chooseMap(request: AttachRequest, maps: readonly BpfMap[]): BpfMap {
  const names = maps.map(({ name }) => name);
  if (request.asked !== undefined) {
    const map = maps.find(({ name }) => name === request.asked);
    if (map) return map;
    const near = nearNames(request.asked, names);
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : mapsHint(names);
    throw targetError(request, 'the object has no such map of sockets', hint);
  }
  const [first, ...others] = maps;
  if (!first) {
    throw new EcliError(
      'PACKAGE_INVALID',
      `program ${printable(request.program.name)}: its object has no map of sockets to attach it to`,
      { hint: 'such a map is of type BPF_MAP_TYPE_SOCKMAP or BPF_MAP_TYPE_SOCKHASH' },
    );
  }
  if (others.length === 0) return first;
  throw targetNeeded(request, `one of the maps ${names.map(printable).join(', ')}`, printable(first.name));
}

function mapsHint(names: readonly string[]): string {
  return names.length > 0 ? `there are ${names.map(printable).join(', ')}` : 'it has none at all';
}
