import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { isMissing, readSettings } from '../read-settings.ts';
import { parsePolicy } from './parse-policy.ts';
import { Policy, type PolicyFile } from './policy.ts';

/** What an administrator demands of all users of a machine. */
const SYSTEM_POLICY = '/etc/ecli/policy.json';

const UNREADABLE = 'a policy that nobody can read can be followed by nobody, so nothing from a registry runs';

export interface PolicyPlaces {
  /** Another file in the place of the system's: for tests, and for `--policy`, which judges by one file alone. */
  readonly systemPath?: string;
}

/**
 * Loads the system's policy and the user's. A file that isn't there demands nothing; one that can't be read or
 * understood is an error, never no policy.
 *
 * @throws SETTINGS_INVALID
 */
export async function loadPolicy(
  environment: NodeJS.ProcessEnv,
  { systemPath = SYSTEM_POLICY }: PolicyPlaces = {},
): Promise<Policy> {
  const paths = [...new Set([systemPath, userPolicyPath(environment)])];
  refuseOpenToAll(systemPath);
  const files = await Promise.all(paths.map(readPolicyIfPresent));
  return new Policy(files.filter((file) => file !== undefined));
}

/** Loads one policy, which must be there. @throws SETTINGS_INVALID */
export async function loadPolicyFile(path: string): Promise<Policy> {
  return new Policy([await readPolicy(path)]);
}

/** Where a user's own policy is. https://specifications.freedesktop.org/basedir-spec/ */
export function userPolicyPath({ XDG_CONFIG_HOME, HOME }: NodeJS.ProcessEnv): string {
  const given = XDG_CONFIG_HOME ?? '';
  const configuration = isAbsolute(given) ? given : join(homeOf(HOME), '.config');
  return join(configuration, 'ecli', 'policy.json');
}

function homeOf(home = ''): string {
  return home === '' ? homedir() : home;
}

async function readPolicy(path: string): Promise<PolicyFile> {
  return parsePolicy(await readSettings(path, UNREADABLE), path);
}

async function readPolicyIfPresent(path: string): Promise<PolicyFile | undefined> {
  return readPolicy(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    refuseDeadLink(path);
    return undefined;
  });
}

/**
 * A link to a policy, or to its folder, that leads nowhere was made by somebody who wanted one.
 *
 * @throws SETTINGS_INVALID
 */
function refuseDeadLink(path: string): void {
  const isDead = (each: string): boolean => isLink(each) && !existsSync(each);
  if (!isDead(path) && !isDead(dirname(path))) return;
  throw new EcliError('SETTINGS_INVALID', `${printable(path)}: a link that leads nowhere`, {
    hint: UNREADABLE,
  });
}

/**
 * What the system demands must not be what any of its users writes there. A user's own is not looked at so: there are
 * file systems where everything is open, and his home may be on one.
 *
 * @throws SETTINGS_INVALID
 */
function refuseOpenToAll(path: string): void {
  const open = [path, dirname(path)].find((each) => isOpenToAll(each));
  if (open === undefined || !existsSync(path)) return;
  throw new EcliError('SETTINGS_INVALID', `${printable(path)}: anybody may write to ${printable(open)}`, {
    hint: `chmod o-w ${printable(open)}`,
  });
}

const STICKY = 0o1000;

function isOpenToAll(path: string): boolean {
  const stats = statIfThere(path);
  if (!stats || (stats.mode & 0o002) === 0) return false;
  // In such a folder nobody replaces the files of others (inode(7)).
  return !stats.isDirectory() || (stats.mode & STICKY) === 0;
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Reading it says what is wrong.
    return undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
