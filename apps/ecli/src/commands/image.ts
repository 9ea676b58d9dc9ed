import { defineCommandGroup } from '../command-group.ts';

/** `ecli image …`: programs as images, in registries and in the cache. */
export const imageCommand = defineCommandGroup({
  description: 'Works on programs as images: in registries, in the cache, and in files.',
  commands: [
    {
      name: 'inspect',
      summary: 'say what an image is made of, and what signs or refers to it',
      load: async () => (await import('./image/inspect.ts')).inspectCommand,
    },
    {
      name: 'tags',
      summary: 'list the tags of a repository',
      load: async () => (await import('./image/tags.ts')).tagsCommand,
    },
    {
      name: 'verify',
      summary: 'say whether an image is signed, and by whom',
      load: async () => (await import('./image/verify.ts')).verifyCommand,
    },
    {
      name: 'sign',
      summary: 'sign an image in its registry',
      load: async () => (await import('./image/sign.ts')).signCommand,
    },
  ],
});
