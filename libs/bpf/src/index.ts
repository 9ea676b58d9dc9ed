export type { SampleReader, SampleVisitor } from './sample-reader.ts';
