export type * from './meta.ts';
