import { type RowRenderer, sampleMemory } from '../../src/render/renderer.ts';

/** Renders one sample into memory of exactly `maxBytes`. */
export function rendered(renderer: RowRenderer, sample: Uint8Array): string {
  const out = new Uint8Array(renderer.maxBytes);
  const end = renderer.render(sampleMemory(Uint8Array.from(sample)), 0, out, 0);
  return new TextDecoder('utf-8', { fatal: true }).decode(out.subarray(0, end));
}
