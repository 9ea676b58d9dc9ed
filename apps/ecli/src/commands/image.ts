import { defineCommandGroup } from '../command-group.ts';

/** `ecli image …`: programs as images, in registries and in the cache. */
export const imageCommand = defineCommandGroup({
  description: 'Works on programs as images: in registries, in the cache, and in files.',
  commands: [],
});
