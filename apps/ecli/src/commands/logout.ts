import { ArgumentError, listed } from '@ecli/core';
import {
  type CredentialPlace,
  eraseAllCredentials,
  eraseCredentials,
  parseRegistryAddress,
  spellScope,
} from '@ecli/oci';
import { defineCommand } from '../command.ts';
import type { FlagTable } from '../flags.ts';

const flags = {
  all: { short: 'a', help: 'log out of all registries' },
} as const satisfies FlagTable;

/** `ecli logout`: forgets credentials wherever docker, podman and ecli have them. */
export const logoutCommand = defineCommand({
  description: 'Logs out of a registry: forgets the name and password for it.',
  operands: 'HOST[/PATH]',
  count: { least: 0, most: 1 },
  flags,
  examples: ['ecli logout ghcr.io', 'ecli logout --all'],
  notes: `They are taken from docker's config.json, from podman's auth.json and from the credential helpers that are set there.
A login of HOST/PATH is another one than that of HOST.`,

  async run({ operands: [text], flags: { all } }, terminal) {
    if (all === (text !== undefined)) {
      const problem = all ? '--all: no registry can be named then' : 'which registry?';
      throw new ArgumentError(problem, [], { hint: 'ecli logout HOST, or ecli logout --all' });
    }
    terminal.print(text === undefined ? await logOutOfAll() : await logOut(text));
    return 0;
  },
});

async function logOut(text: string): Promise<string> {
  const address = parseRegistryAddress(text);
  const places = await eraseCredentials(address, process.env);
  const registry = spellScope(address);
  return places.length === 0
    ? `Not logged in to ${registry}\n`
    : `Logged out of ${registry}: removed from ${spellPlaces(places)}\n`;
}

async function logOutOfAll(): Promise<string> {
  const places = await eraseAllCredentials(process.env);
  return places.length === 0
    ? 'Not logged in to any registry\n'
    : `Logged out of all registries: removed from ${spellPlaces(places)}\n`;
}

/** Two files may name one helper. */
function spellPlaces(places: readonly CredentialPlace[]): string {
  return listed([...new Set(places.map(({ name }) => name))]);
}
