import { EcliError, printable } from '@ecli/core';
import type { Attached, Attachment, Place } from '../attach/attachment.ts';
import type { LogStream } from '../log-stream.ts';
import type { AttachedProgram, Monitor } from './monitor.ts';

const BETWEEN_LOOKS_MS = 1000;

/**
 * Tells once of each program whose link was cut off, because its place went or somebody detached it: the program
 * sees nothing any more. When that is so of all, the last is the error that the run ends with.
 */
export class LinkMonitor implements Monitor {
  private timer: NodeJS.Timeout | undefined;
  /** Those that were not cut off when last looked at. */
  private standing: readonly Attached[] = [];

  constructor(private readonly stream: Pick<LogStream, 'say'>) {}

  begin({ attached, fail }: AttachedProgram): void {
    this.standing = attached;
    if (!attached.some(({ link }) => 'isDefunct' in link)) return;
    this.timer = setInterval(() => this.look(fail), BETWEEN_LOOKS_MS).unref();
  }

  async end(): Promise<void> {
    this.close();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(fail: AttachedProgram['fail']): void {
    const cutOff = this.standing.filter(({ link }) => isCutOff(link));
    if (cutOff.length === 0) return;
    this.standing = this.standing.filter((each) => !cutOff.includes(each));
    const losses = cutOff.map(({ attachment }) => lossOf(attachment));
    const last = this.standing.length === 0 ? losses.pop() : undefined;
    for (const { message, hint } of losses) this.stream.say(`${message}; ${hint}`);
    if (!last) return;
    this.close();
    fail(new EcliError('ATTACH_FAILED', last.message, { hint: last.hint }));
  }
}

/** What can't be asked now, for want of descriptors for example, is asked again. */
function isCutOff(link: Attached['link']): boolean {
  try {
    return link.isDefunct?.() ?? false;
  } catch {
    return false;
  }
}

interface Loss {
  readonly message: string;
  readonly hint: string;
}

function lossOf({ program: { name, section }, place, where }: Attachment): Loss {
  const program = `program ${printable(name)} (${printable(section)})`;
  const title = printable(place?.title ?? where);
  if (place && !isThere(place)) {
    return {
      message: `${title} is gone: ${program} sees nothing any more`,
      hint: 'run it again once that is back',
    };
  }
  return {
    message: `${program} was detached from ${title} by somebody else, and sees nothing any more`,
    hint: 'bpftool link detach does so, for one; run it again to attach it again',
  };
}

/** A network namespace that is gone has no interfaces. */
function isThere(place: Place): boolean {
  try {
    return place.isThere();
  } catch {
    return false;
  }
}
