import { openSync, readSync } from 'node:fs';

/**
 * Tells whether this process's terminal is its own to draw on: a shell's background job (`ecli run … &`) shares it
 * with whoever types there.
 */
export class Foreground {
  private readonly buffer = Buffer.alloc(1024);
  /** Stays open: a program that watches files would show each opening among its events. */
  private readonly fd = open('/proc/self/stat');

  /** True also where it can't be told, and without a controlling terminal. */
  get isOurs(): boolean {
    if (this.fd === undefined) return true;
    const length = readSync(this.fd, this.buffer, { position: 0 });
    return isForegroundStat(this.buffer.toString('latin1', 0, length));
  }
}

/** Reads `PID (comm) state ppid pgrp session tty_nr tpgid …` (proc(5)); comm may hold anything. */
export function isForegroundStat(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foreground === '-1' || foreground === undefined || foreground === group;
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
