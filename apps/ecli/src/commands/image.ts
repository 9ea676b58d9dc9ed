import { defineCommandGroup } from '../command-group.ts';

/** `ecli image …`: programs as images, in registries and in the cache. */
export const imageCommand = defineCommandGroup({
  description: 'Works on programs as images: in registries, in the cache, and in files.',
  commands: [
    {
      name: 'list',
      aliases: ['ls'],
      summary: 'list the images in the cache',
      load: async () => (await import('./image/list.ts')).listCommand,
    },
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
      name: 'rm',
      aliases: ['remove', 'delete'],
      summary: 'remove images from the cache',
      load: async () => (await import('./image/rm.ts')).rmCommand,
    },
    {
      name: 'prune',
      summary: 'make the cache smaller',
      load: async () => (await import('./image/prune.ts')).pruneCommand,
    },
    {
      name: 'copy',
      aliases: ['cp'],
      summary: 'copy an image between registries, the cache and folders',
      load: async () => (await import('./image/copy.ts')).copyCommand,
    },
    {
      name: 'save',
      summary: 'write images from the cache into a file',
      load: async () => (await import('./image/save.ts')).saveCommand,
    },
    {
      name: 'load',
      summary: 'take images from a file into the cache',
      load: async () => (await import('./image/load.ts')).loadCommand,
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
