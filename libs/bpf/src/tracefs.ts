import { existsSync, readFileSync } from 'node:fs';
import { nearNames } from '@ecli/core';

/** Where tracefs is mounted, in libbpf's order of preference; the second is the way of old kernels. */
const FOLDERS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

/** The folder of a tracefs that is mounted and that we may enter. */
export function tracefsFolder(): string | undefined {
  return FOLDERS.find((folder) => existsSync(`${folder}/events`));
}

/** Whether any tracefs is mounted, allowed or not. */
export function tracefsMounted(): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').includes(' tracefs ');
}

/** All tracepoints as `category/name`; empty where they can't be read. */
export function tracepoints(): string[] {
  const folder = tracefsFolder();
  if (folder === undefined) return [];
  const events = readFileSync(`${folder}/available_events`, 'utf8').trimEnd().split('\n');
  return events.map((event) => event.replace(':', '/'));
}

/**
 * Finds what tracepoint may have been meant, by `category/name` or, as raw tracepoints have it, by name alone;
 * up to three, the nearest first.
 */
export function nearTracepoints(target: string): string[] {
  const known = tracepoints();
  if (target.includes('/')) return nearNames(target, known);
  return nearNames(target, [...new Set(known.map((event) => event.slice(event.indexOf('/') + 1)))]);
}
