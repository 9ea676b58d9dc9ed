import { ArgumentError, type Credentials, type NetworkOptions } from '@ecli/core';
import { notEmpty } from './flag-values.ts';
import type { FlagTable, FlagValues } from './flags.ts';
import { readPassword } from './password-input.ts';

/** Who the user is to a registry. */
export const credentialFlags = {
  username: {
    short: 'u',
    value: 'NAME',
    help: 'who you are to the registry, instead of what is stored; the password is asked for',
  },
  'password-stdin': { help: 'read the password, or a token, from standard input' },
} as const satisfies FlagTable;

/** How servers are reached. */
export const networkFlags = {
  'plain-http': { help: "speak http to a registry that isn't on this machine" },
  insecure: { help: 'take any certificate: whoever is on the way may pretend to be the server' },
  'ca-file': { value: 'FILE', help: 'trust the PEM certificates in this file too' },
} as const satisfies FlagTable;

export const quietFlag = {
  quiet: { short: 'q', help: 'show no progress' },
} as const satisfies FlagTable;

/** The flags of every command that talks to registries. */
export const registryFlags = {
  ...credentialFlags,
  ...networkFlags,
  ...quietFlag,
} as const satisfies FlagTable;

/** The heading under which help lists them. */
export const registryFlagGroups = {
  'How the registry is reached': { ...credentialFlags, ...networkFlags },
} as const;

export type CredentialFlagValues = FlagValues<typeof credentialFlags>;
export type NetworkFlagValues = FlagValues<typeof networkFlags>;
export type RegistryFlagValues = FlagValues<typeof registryFlags>;

/** @throws ARGUMENT_INVALID for a CA file without a name */
export function networkOptionsOf(given: NetworkFlagValues): NetworkOptions {
  const { insecure, 'plain-http': plainHttp, 'ca-file': caFile } = given;
  return {
    ...(insecure && { insecure }),
    ...(plainHttp && { plainHttp }),
    ...(caFile !== undefined && { caFile: notEmpty('--ca-file', caFile) }),
  };
}

/**
 * The user's name, and the password from standard input, or as it is typed where a person sits there; undefined where
 * neither was given.
 *
 * @throws ARGUMENT_INVALID for a password without a name, and where there is nobody to ask for one
 */
export async function readCredentials(
  { username, 'password-stdin': fromStdin }: CredentialFlagValues,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (username === undefined && !fromStdin) return undefined;
  if (username === undefined) {
    throw new ArgumentError('--password-stdin: whose password it is must be said too', [], {
      hint: 'add --username NAME',
    });
  }
  notEmpty('--username', username);
  if (fromStdin) return { username, password: await readPassword(signal) };
  const { Prompt } = await import('./terminal/prompt.ts');
  const prompt = new Prompt(signal);
  if (!prompt.isPossible) {
    throw new ArgumentError('--username: a password must come too', [], {
      hint: 'send it to standard input and add --password-stdin, or log in once: ecli login HOST',
    });
  }
  return { username, password: await prompt.askSecretly('Password: ') };
}
