import { attachToCgroup, findCgroup } from '@ecli/bpf';
import { existsSync } from 'node:fs';
import type { Attachment, AttachRequest } from '../attachment.ts';

/** A cgroup's path, absolute or from where cgroup2 is mounted; the root, and so every process, without one. */
export function planCgroup({ program, asked }: AttachRequest): Attachment {
  const path = findCgroup(asked);
  return {
    program,
    where: `cgroup ${path} (${program.section})`,
    place: { title: `cgroup ${path}`, isThere: () => existsSync(path) },
    attach: () => attachToCgroup(program, path),
  };
}
