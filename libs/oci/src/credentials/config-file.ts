import { readFile } from 'node:fs/promises';
import { EcliError, printable, systemReason } from '@ecli/core';
import { isKeyOf, keyOf, type RegistryScope } from './registry-key.ts';

/** What concerns credentials in docker's config.json and podman's auth.json, which have the same members. */
export interface ConfigFile {
  readonly path: string;
  /** What stands there, for whoever changes it. */
  readonly text: string;
  /** Entries by key, as they stand there: auth-entry.ts reads them. */
  readonly auths: ReadonlyMap<string, unknown>;
  /** Names of helpers by key. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The helper of all other registries. */
  readonly credsStore?: string;
}

/** Nobody has so many registries; what is longer isn't such a file. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads the file at `path`; undefined where there is none.
 *
 * @throws SETTINGS_INVALID saying where it isn't what it should be, or why it can't be read
 */
export async function readConfigFile(path: string): Promise<ConfigFile | undefined> {
  try {
    return await parseConfig(await readFile(path), path);
  } catch (error) {
    if (error instanceof EcliError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EcliError('SETTINGS_INVALID', `${printable(path)}: can't be read: ${systemReason(error)}`, {
      hint: 'REGISTRY_AUTH_FILE or DOCKER_CONFIG may name another place for credentials',
      cause: error,
    });
  }
}

/**
 * Reads the bytes of a file. An empty file is one without members. No text of the file gets into a message: it
 * holds secrets.
 *
 * @throws SETTINGS_INVALID
 */
export async function parseConfig(bytes: Uint8Array, path: string): Promise<ConfigFile> {
  const invalid = (problem: string): EcliError =>
    new EcliError('SETTINGS_INVALID', `${printable(path)}: ${problem}`, {
      hint: 'correct it, or name another file: REGISTRY_AUTH_FILE=FILE',
    });
  if (bytes.byteLength > LIMIT_BYTES) throw invalid(`${bytes.byteLength} bytes are too long for it`);
  const text = decode(bytes);
  if (text === undefined) throw invalid('not UTF-8');
  const root = text.trim() === '' ? {} : parse(text);
  if (root === undefined) throw invalid(`not JSON${await describeSyntaxError(text)}`);
  if (!isObject(root)) throw invalid('not a JSON object');
  return { path, text, ...membersOf(root, invalid) };
}

/** The name of the helper that has what is stored for the whole of a registry. */
export function helperNameOf({ credHelpers, credsStore }: ConfigFile, registry: string): string | undefined {
  for (const [key, name] of credHelpers) if (name !== '' && isKeyOf(key, { registry })) return name;
  return credsStore;
}

/** The keys under which `auths` may have something for `scope`, the one that is written today first. */
export function keysOf({ auths }: ConfigFile, scope: RegistryScope): readonly string[] {
  const preferred = keyOf(scope);
  return [...auths.keys()]
    .filter((key) => isKeyOf(key, scope))
    .sort((a, b) => Number(b === preferred) - Number(a === preferred));
}

function membersOf(
  root: Readonly<Record<string, unknown>>,
  invalid: (problem: string) => EcliError,
): Pick<ConfigFile, 'auths' | 'credHelpers' | 'credsStore'> {
  const entries = (name: string): [string, unknown][] => {
    const value = root[name] ?? {};
    if (!isObject(value)) throw invalid(`${name} is not an object`);
    return Object.entries(value);
  };
  const helper = (name: string, value: unknown): string => {
    if (typeof value === 'string' && /^[\w.-]*$/.test(value)) return value;
    throw invalid(`${name} is not the name of a helper`);
  };
  const helpers = entries('credHelpers').map(
    ([key, value]) => [key, helper(`credHelpers of ${printable(key)}`, value)] as const,
  );
  const credsStore = helper('credsStore', root['credsStore'] ?? '');
  return {
    auths: new Map(entries('auths')),
    credHelpers: new Map(helpers),
    ...(credsStore !== '' && { credsStore }),
  };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** JSON.parse's own message quotes the text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function describeSyntaxError(text: string): Promise<string> {
  const { locateSyntaxError } = await import('./config-text.ts');
  const place = locateSyntaxError(text);
  return place ? ` at line ${place.line}, column ${place.column}` : '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
