import { availableParallelism } from 'node:os';
import { possibleCpus } from '@ecli/bpf';
import type { Machine } from './map-memory.ts';

/** What the memory of maps depends on here; where this isn't Linux, what comes near it. */
export function thisMachine(): Machine {
  return { cpus: cpusHere(), pageBytes: 4096 };
}

function cpusHere(): number {
  try {
    return possibleCpus();
  } catch {
    return availableParallelism();
  }
}
