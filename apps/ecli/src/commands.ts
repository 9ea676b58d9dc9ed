import type { Command } from './command.ts';

/** A command before its module is loaded. */
export interface CommandEntry {
  readonly name: string;
  /** Other names, of a command in a group, that users of docker, oras and ig have in their fingers. */
  readonly aliases?: readonly string[];
  /** For the list in `ecli --help`. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** All commands, in the order in which help lists them. Each module is loaded when its command is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'load a program into the kernel and show its events',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'inspect',
    summary: 'say what is in a program, and whether a kernel takes it',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  {
    name: 'build',
    summary: 'compile a .bpf.c into a package',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  {
    name: 'pull',
    summary: 'save a program from a registry',
    load: async () => (await import('./commands/pull.ts')).pullCommand,
  },
  {
    name: 'push',
    summary: 'put a program into a registry',
    load: async () => (await import('./commands/push.ts')).pushCommand,
  },
  {
    name: 'login',
    summary: 'log in to a registry',
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  {
    name: 'logout',
    summary: 'log out of a registry',
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
  {
    name: 'image',
    summary: 'list, copy, sign and tidy what is in registries and in the cache',
    load: async () => (await import('./commands/image.ts')).imageCommand,
  },
];
