export type * from './types.ts';
export {
  type RowRenderer,
  type SampleMemory,
  sampleMemory,
  type TextRowRenderer,
} from './render/renderer.ts';
