import { ArgumentError, type FetchContext, printable, type PullPolicy } from '@ecli/core';
import { notEmpty, parseWord } from './flag-values.ts';
import type { FlagTable, FlagValues } from './flags.ts';
import {
  credentialFlags,
  networkFlags,
  networkOptionsOf,
  quietFlag,
  readCredentials,
} from './registry-flags.ts';
import type { Terminal } from './terminal/terminal.ts';

const policies = {
  pull: { value: 'WHEN', help: 'ask the registry or server: always, missing: what is not cached, never' },
  platform: {
    value: 'OS/ARCH',
    help: "which of an image's programs: linux/arm64; this machine's by default",
  },
  'verify-key': { value: 'FILE', repeatable: true, help: 'refuse what the owner of this key has not signed' },
} as const satisfies FlagTable;

const headerFlag = {
  header: { value: 'NAME:VALUE', repeatable: true, help: "send this to the URL's own server" },
} as const satisfies FlagTable;

const reachingFlags = { ...policies, ...credentialFlags, ...networkFlags } as const satisfies FlagTable;

/** How an image is got. */
export const imageFlags = { ...reachingFlags, ...quietFlag } as const satisfies FlagTable;

/** How what REF names is got, of all commands that read a program from anywhere. */
export const sourceFlags = {
  ...reachingFlags,
  ...headerFlag,
  ...quietFlag,
} as const satisfies FlagTable;

const HEADING = 'How REF is got';

/** The headings under which help lists them. */
export const imageFlagGroups = { [HEADING]: reachingFlags } as const;
export const sourceFlagGroups = { [HEADING]: { ...reachingFlags, ...headerFlag } } as const;

type SourceFlagValues = FlagValues<typeof imageFlags> & Partial<FlagValues<typeof sourceFlags>>;

/** All of a FetchContext but what comes with each fetch. */
export type FetchWishes = Omit<FetchContext, 'signal' | 'mediaType'>;

const PULL_POLICIES: readonly PullPolicy[] = ['always', 'missing', 'never'];

/** Other spellings of standard input are files to whoever names them. */
const STDIN = '-';

/**
 * Reads the flags, and a password from standard input where one is to come from there.
 *
 * @throws ARGUMENT_INVALID for a value that makes no sense, and where the program is to come from there too
 */
export async function readFetchWishes(
  reference: string,
  given: SourceFlagValues,
  { logger, interruption, reportProgress }: Terminal,
): Promise<FetchWishes> {
  if (given['password-stdin'] && reference === STDIN) {
    throw new ArgumentError('--password-stdin: the program comes from standard input already', [], {
      hint: 'log in before: ecli login HOST',
    });
  }
  const { pull, platform, 'verify-key': verifyKeys } = given;
  const headers = parseHeaders(given.header ?? []);
  const network = networkOptionsOf(given);
  const wishes = {
    ...(pull !== undefined && { pull: parseWord('--pull', pull, PULL_POLICIES, 'choice') }),
    ...(platform !== undefined && { platform: notEmpty('--platform', platform) }),
    ...(verifyKeys.length > 0 && { verifyKeys: verifyKeys.map((path) => notEmpty('--verify-key', path)) }),
    ...(headers && { headers }),
    ...(Object.keys(network).length > 0 && { network }),
    ...(!given.quiet && { progress: reportProgress }),
    warn: once((line) => logger.log('warn', line)),
    diagnose: (line: string) => logger.log('debug', line),
  };
  const credentials = await readCredentials(given, interruption.signal);
  return { ...wishes, ...(credentials && { credentials }) };
}

/** Each of an image's parts meets a cache that is full. */
function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
}

/** RFC 9110, 5.6.2 and 5.5. */
const HEADER = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[\t\x20-\x7e\x80-\xff]*)$/;

/** @throws ARGUMENT_INVALID naming the flag and not the value, which may be a secret */
function parseHeaders(lines: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (lines.length === 0) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const { name, value } = HEADER.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) {
      const shown = printable(line.split(':', 1)[0] ?? '');
      throw new ArgumentError(`--header ${shown}: not the line of a header`, [], {
        hint: "the name, a colon, and the value: --header 'Accept-Language: en'",
      });
    }
    headers.set(name.toLowerCase(), value.trimEnd());
  }
  return Object.fromEntries(headers);
}
