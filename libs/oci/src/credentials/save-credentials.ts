import { type Credentials, EcliError } from '@ecli/core';
import { authEntryOf } from './auth-entry.ts';
import { type ConfigFile, helperNameOf, keysOf, parseConfig, readConfigFile } from './config-file.ts';
import { credentialFiles, type Environment } from './credential-files.ts';
import { CredentialHelper } from './credential-helper.ts';
import { getFirst } from './credential-store.ts';
import { helperKeysOf, isKeyOf, keyOf, type RegistryScope } from './registry-key.ts';
import { updateConfig } from './update-config.ts';

/** Where credentials are kept: a file, in which they can be read, or a helper's keychain. */
export interface CredentialPlace {
  readonly kind: 'file' | 'helper';
  /** The file's path or the helper's program. */
  readonly name: string;
}

/**
 * Stores credentials where docker does: in the keychain of the helper that is set for the registry, else in the
 * first of the credential files. Those of a path are never a helper's.
 *
 * @throws ARGUMENT_INVALID for what Basic authentication can't carry; TOOL_MISSING, SETTINGS_INVALID, PERMISSION_DENIED
 */
export async function saveCredentials(
  scope: RegistryScope,
  credentials: Credentials,
  environment: Environment,
): Promise<CredentialPlace> {
  expectCarriable(credentials);
  const [path] = credentialFiles(environment);
  const config = (await readConfigFile(path)) ?? (await parseConfig(new Uint8Array(), path));
  const helper = helperOf(config, scope, environment);
  await helper?.store(keyOf(scope), credentials);
  const { withEntry } = await import('./config-text.ts');
  // Beside a helper stands an empty entry, as docker has it; what could be read there before is gone.
  const entry = helper ? {} : authEntryOf(credentials);
  await updateConfig(path, ({ text }) => withEntry(text, keyOf(scope), entry));
  return helper ? { kind: 'helper', name: helper.program } : { kind: 'file', name: path };
}

/**
 * Forgets the credentials of a registry, or of a path in one, wherever they are.
 *
 * @returns where there were any
 * @throws TOOL_MISSING, SETTINGS_INVALID, PERMISSION_DENIED; what could be forgotten is forgotten by then
 */
export async function eraseCredentials(
  scope: RegistryScope,
  environment: Environment,
): Promise<readonly CredentialPlace[]> {
  return eraseIn(environment, async (config, erased) => {
    const helper = helperOf(config, scope, environment);
    if (helper && (await getFirst(helper, scope.registry))) {
      for (const key of helperKeysOf(scope.registry)) await helper.erase(key);
      erased({ kind: 'helper', name: helper.program });
    }
    await eraseEntries(config.path, (latest) => keysOf(latest, scope), erased);
  });
}

/** As `eraseCredentials`, of all registries and paths. */
export async function eraseAllCredentials(environment: Environment): Promise<readonly CredentialPlace[]> {
  return eraseIn(environment, async (config, erased) => {
    const names = new Set([...config.credHelpers.values(), config.credsStore ?? '']);
    names.delete('');
    for (const name of names) {
      const helper = new CredentialHelper(name, { environment, configPath: config.path });
      const keys = (await helper.list()).filter((key) => isFor(config, key, name));
      for (const key of keys) await helper.erase(key);
      if (keys.length > 0) erased({ kind: 'helper', name: helper.program });
    }
    await eraseEntries(config.path, ({ auths }) => [...auths.keys()], erased);
  });
}

/** A keychain may hold what isn't for the registries that this file sends to it. */
function isFor({ credHelpers, credsStore }: ConfigFile, key: string, name: string): boolean {
  for (const [registry, helper] of credHelpers) {
    if (isKeyOf(key, { registry })) return helper === name;
  }
  return credsStore === name;
}

type Report = (place: CredentialPlace) => void;

/** Goes on after a failure, and tells the first one at the end. */
async function eraseIn(
  environment: Environment,
  erase: (config: ConfigFile, erased: Report) => Promise<void>,
): Promise<readonly CredentialPlace[]> {
  const places: CredentialPlace[] = [];
  const failures: unknown[] = [];
  for (const path of credentialFiles(environment)) {
    try {
      const config = await readConfigFile(path);
      if (config) await erase(config, (place) => void places.push(place));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return places;
}

async function eraseEntries(
  path: string,
  choose: (config: ConfigFile) => readonly string[],
  erased: Report,
): Promise<void> {
  const { withoutEntries } = await import('./config-text.ts');
  const erasedEntries: unknown[] = [];
  await updateConfig(path, (config) => {
    const keys = choose(config);
    erasedEntries.push(...keys.map((key) => config.auths.get(key)));
    return keys.length === 0 ? undefined : withoutEntries(config.text, keys);
  });
  if (!erasedEntries.every(isEmpty)) erased({ kind: 'file', name: path });
}

function isEmpty(entry: unknown): boolean {
  return typeof entry !== 'object' || entry === null || Object.keys(entry).length === 0;
}

function helperOf(
  config: ConfigFile,
  { registry, path }: RegistryScope,
  environment: Environment,
): CredentialHelper | undefined {
  const name = path === undefined ? helperNameOf(config, registry) : undefined;
  return name === undefined
    ? undefined
    : new CredentialHelper(name, { environment, configPath: config.path });
}

/**
 * Checks that Basic authentication can carry them: https://www.rfc-editor.org/rfc/rfc7617#section-2
 *
 * @throws ARGUMENT_INVALID
 */
export function expectCarriable({ username, password }: Credentials): void {
  const refuse = (problem: string): EcliError => new EcliError('ARGUMENT_INVALID', problem);
  if (username === '') throw refuse('the user name is empty');
  if (password === '') throw refuse('the password is empty');
  if (username.includes(':')) throw refuse('the user name has a colon, which no registry can take');
  // eslint-disable-next-line no-control-regex -- control characters are what this finds
  if (/[\x00-\x1f\x7f]/.test(username + password)) {
    throw refuse('the user name or the password has a control character, which no registry can take');
  }
}
