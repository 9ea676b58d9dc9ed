import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** One program, map or link in the kernel. */
export interface KernelObject {
  readonly kind: 'prog' | 'map' | 'link';
  readonly id: number;
}

/** Lists what the process `pid` holds by its descriptors (/proc/PID/fdinfo). */
export function kernelObjectsOf(pid: number): KernelObject[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => objectOf(`/proc/${pid}/fdinfo/${fd}`));
}

/** Lists the programs and maps with this name; the kernel keeps 15 characters of names. */
export function kernelObjectsNamed(name: string): KernelObject[] {
  return (['prog', 'map'] as const).flatMap((kind) =>
    show(kind)
      .filter((object) => object.name === name.slice(0, 15))
      .map(({ id }) => ({ kind, id })),
  );
}

/**
 * Lists the programs and maps whose names begin so, and those programs' links: `prog 7 on_read`, `link 3 of 7`.
 * What else the kernel has, of others, may change at any time.
 */
export function bpfObjectsOf(prefix: string): string[] {
  const named = (['prog', 'map'] as const).flatMap((kind) =>
    show(kind)
      .filter(({ name }) => name?.startsWith(prefix))
      .map(({ id, name }) => ({ kind, id, name })),
  );
  const programs = new Set(named.filter(({ kind }) => kind === 'prog').map(({ id }) => id));
  const links = show('link').filter(({ prog_id }) => programs.has(prog_id ?? 0));
  return [
    ...named.map(({ kind, id, name }) => `${kind} ${id} ${name}`),
    ...links.map(({ id, prog_id }) => `link ${id} of ${prog_id}`),
  ];
}

/** Says which of `objects` the kernel still has. */
export function stillInKernel(objects: readonly KernelObject[]): KernelObject[] {
  const present = {
    prog: new Set(show('prog').map(({ id }) => id)),
    map: new Set(show('map').map(({ id }) => id)),
    link: new Set(show('link').map(({ id }) => id)),
  };
  return objects.filter(({ kind, id }) => present[kind].has(id));
}

/** Resolves when the kernel has none of `objects` left; it frees them a moment after the last descriptor closes. */
export async function untilGone(objects: readonly KernelObject[]): Promise<void> {
  await eventually('kernel objects gone', () => stillInKernel(objects).length === 0);
}

/** A descriptor's entry: an id of its own kind comes first (a link's also names its program). */
function objectOf(path: string): KernelObject[] {
  const [, kind, id] = /^(link|map|prog)_id:\s*(\d+)$/m.exec(readIfThere(path)) ?? [];
  if (kind !== 'prog' && kind !== 'map' && kind !== 'link') return [];
  return [{ kind, id: Number(id) }];
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function show(kind: KernelObject['kind']): { id: number; name?: string; prog_id?: number }[] {
  return JSON.parse(execFileSync('bpftool', ['-j', kind, 'show'], { encoding: 'utf8', maxBuffer: 64 << 20 }));
}
