import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A program, map or link of the kernel, as bpftool numbers it. */
export interface HeldObject {
  readonly kind: 'prog' | 'map' | 'link';
  readonly id: number;
}

/** Lists what this process holds by its descriptors. */
export function heldObjects(): HeldObject[] {
  return readdirSync('/proc/self/fdinfo').flatMap((fd) => objectOf(`/proc/self/fdinfo/${fd}`));
}

/** A link's own id comes before that of its program. */
function objectOf(path: string): HeldObject[] {
  const [, kind, id] = /^(link|map|prog)_id:\s*(\d+)$/m.exec(readIfThere(path)) ?? [];
  return kind === 'prog' || kind === 'map' || kind === 'link' ? [{ kind, id: Number(id) }] : [];
}

/** The descriptor that readdir itself used is gone by now. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Resolves when bpftool shows none of them; the kernel frees them a moment after the last descriptor closes. */
export async function untilGone(objects: readonly HeldObject[]): Promise<void> {
  for (;;) {
    const left = objects.filter(({ kind, id }) => shown(kind).has(id));
    if (left.length === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function shown(kind: HeldObject['kind']): Set<number> {
  const text = execFileSync('bpftool', ['-j', kind, 'show'], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return new Set((JSON.parse(text) as { id: number }[]).map(({ id }) => id));
}
