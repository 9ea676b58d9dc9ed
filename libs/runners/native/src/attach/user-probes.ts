import {
  attachUprobe,
  attachUprobes,
  attachUsdt,
  findBinary,
  parseUprobeTarget,
  parseUsdtTarget,
  type UprobeTarget,
  type UsdtTarget,
} from '@ecli/bpf';
import type { Attachment, AttachRequest, Planner } from './attachment.ts';
import { offsetOfReturn } from './kernel-probes.ts';
import { placeNeeded } from './place.ts';

/**
 * Programs at functions of programs and libraries. What `--attach PROG=` takes for them, and their sections too:
 *
 *     uprobe                            BINARY:FUNCTION, BINARY:FUNCTION+OFFSET (bytes), BINARY:0xOFFSET (in the file)
 *     uretprobe                         BINARY:FUNCTION
 *     uprobe.multi, uretprobe.multi, uprobe.session    BINARY:PATTERN, such as `libc.so.6:mem*`
 *     usdt                              BINARY:PROVIDER:NAME
 *
 * each for all processes that run BINARY, now or later; with `PID:` before it for one process only, which may
 * stand for BINARY too (`42:main` is a function of what process 42 runs). `PID` alone restricts what the section
 * says to that process. BINARY is a path, the name of a program in PATH, or of a library where the loader looks.
 */
export const USER_PROBE_PLANNERS: Readonly<Record<string, Planner>> = {
  uprobe: (request) => planUprobe(request, false),
  uretprobe: (request) => planUprobe(request, true),
  'uprobe.multi': (request) => planUprobes(request, false),
  'uretprobe.multi': (request) => planUprobes(request, true),
  'uprobe.session': (request) => planUprobes(request, false),
  usdt: planUsdt,
};

function planUprobe(request: AttachRequest, atReturn: boolean): Attachment {
  const { pid, binary, place } = uprobeTarget(request, '[PID:]BINARY:FUNCTION[+OFFSET]');
  if (atReturn && place.function !== undefined && place.offset !== 0) throw offsetOfReturn(request);
  const { program, kind } = request;
  const path = findBinary(binary, pid);
  const section = sectionOfUser(kind, pid, binary, placeName(place));
  const target = { ...place, binary: path, pid };
  return {
    program,
    where: whereOf(kind, path, placeName(place), pid),
    attach: () => attachUprobe(program, target, { atReturn, section }),
  };
}

function planUprobes(request: AttachRequest, atReturn: boolean): Attachment {
  const { pid, binary, place } = uprobeTarget(request, '[PID:]BINARY:PATTERN');
  const { program, kind } = request;
  const { function: pattern = '' } = place;
  const path = findBinary(binary, pid);
  const section = sectionOfUser(kind, pid, binary, pattern);
  return {
    program,
    where: whereOf(kind, path, pattern, pid),
    attach: () => attachUprobes(program, { binary: path, pattern, pid }, { atReturn, section }),
  };
}

type Place = NonNullable<UprobeTarget['place']>;

/** Takes together what the user and the section say; a process alone leaves the section's place as it is. */
function uprobeTarget(
  request: AttachRequest,
  grammar: string,
): { readonly pid?: number; readonly binary?: string; readonly place: Place } {
  const own = parseUprobeTarget(request.target);
  const asked = request.asked === undefined ? undefined : parseUprobeTarget(request.asked);
  if (request.asked !== undefined && !asked) throw placeNeeded(request, grammar);
  const { place, binary } = (asked?.place ? asked : own) ?? {};
  const pid = asked?.pid ?? own?.pid;
  if (!place || (binary === undefined && pid === undefined)) throw placeNeeded(request, grammar);
  return { place, ...(pid !== undefined && { pid }), ...(binary !== undefined && { binary }) };
}

function planUsdt(request: AttachRequest): Attachment {
  const { pid, binary, provider, name } = usdtTarget(request);
  const { program, kind } = request;
  const path = findBinary(binary, pid);
  const section = sectionOfUser(kind, pid, binary, `${provider}:${name}`);
  return {
    program,
    where: whereOf(kind, path, `${provider}:${name}`, pid),
    attach: () => attachUsdt(program, { binary: path, provider, name, pid }, { section }),
  };
}

function usdtTarget(
  request: AttachRequest,
): UsdtTarget & { readonly provider: string; readonly name: string } {
  const grammar = '[PID:]BINARY:PROVIDER:NAME';
  const own = parseUsdtTarget(request.target);
  const asked = request.asked === undefined ? undefined : parseUsdtTarget(request.asked);
  if (request.asked !== undefined && !asked) throw placeNeeded(request, grammar);
  const { provider, name, binary } = (asked?.provider === undefined ? own : asked) ?? {};
  const pid = asked?.pid ?? own?.pid;
  if (provider === undefined || name === undefined || (binary === undefined && pid === undefined)) {
    throw placeNeeded(request, grammar);
  }
  return { provider, name, ...(pid !== undefined && { pid }), ...(binary !== undefined && { binary }) };
}

function placeName({ function: name, offset }: Place): string {
  if (name === undefined) return `0x${offset.toString(16)}`;
  return offset === 0 ? name : `${name}+0x${offset.toString(16)}`;
}

/** As a section says it, for messages. */
function sectionOfUser(
  kind: string,
  pid: number | undefined,
  binary: string | undefined,
  names: string,
): string {
  const words = [
    ...(pid === undefined ? [] : [String(pid)]),
    ...(binary === undefined ? [] : [binary]),
    names,
  ];
  return `${kind}/${words.join(':')}`;
}

function whereOf(kind: string, path: string, names: string, pid: number | undefined): string {
  const place = `${kind}/${path}:${names}`;
  return pid === undefined ? place : `${place} in process ${pid}`;
}
