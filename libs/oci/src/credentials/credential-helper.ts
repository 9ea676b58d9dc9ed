import { once } from 'node:events';
import { addAbortSignal, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type Credentials, EcliError, printable } from '@ecli/core';
import type { StoredCredentials } from '../content.ts';
import { TOKEN_USER } from './auth-entry.ts';
import type { Environment } from './credential-files.ts';

export interface HelperOptions {
  readonly environment: Environment;
  /** The file that names it, for messages. */
  readonly configPath: string;
  /** How long it may take; a minute by default, for some ask a person. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

type Verb = 'get' | 'store' | 'erase' | 'list';

interface Answer {
  readonly isDone: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 60_000;
const LIMIT_BYTES = 1024 * 1024;
/** How much of what it said gets into a message. */
const SHOWN_CHARACTERS = 300;

/** What helpers say on standard output where there is nothing to get or erase: docker-credential-helpers' errors.go. */
const NOT_FOUND = ['credentials not found in native keychain', 'credentials not found'];

/**
 * One of docker's credential helpers: a program that keeps secrets in a keychain. It is asked by one word, takes
 * its question on standard input and answers on standard output:
 * https://github.com/docker/docker-credential-helpers#development
 */
export class CredentialHelper {
  readonly program: string;

  constructor(
    name: string,
    private readonly options: HelperOptions,
  ) {
    this.program = `docker-credential-${name}`;
  }

  /** Undefined where it has nothing under `key`. @throws TOOL_MISSING, SETTINGS_INVALID */
  async get(key: string): Promise<StoredCredentials | undefined> {
    const answer = await this.ask('get', key);
    if (isNotFound(answer)) return undefined;
    this.expectDone(answer, 'get', key);
    const { Username: username, Secret: secret } = this.parse(answer, 'get');
    if (typeof username !== 'string' || typeof secret !== 'string') throw this.nonsense('get');
    if (username === '' && secret === '') return undefined;
    const origin = this.program;
    if (username === TOKEN_USER) return { kind: 'identity-token', token: secret, origin };
    return { kind: 'password', username, password: secret, origin };
  }

  /** @throws TOOL_MISSING, SETTINGS_INVALID */
  async store(key: string, { username, password }: Credentials): Promise<void> {
    const question = JSON.stringify({ ServerURL: key, Username: username, Secret: password });
    this.expectDone(await this.ask('store', question), 'store', key, password);
  }

  /** Of what it doesn't have, it may say that it is done. @throws TOOL_MISSING, SETTINGS_INVALID */
  async erase(key: string): Promise<void> {
    const answer = await this.ask('erase', key);
    if (!isNotFound(answer)) this.expectDone(answer, 'erase', key);
  }

  /** The keys that it has something under. @throws TOOL_MISSING, SETTINGS_INVALID */
  async list(): Promise<readonly string[]> {
    const answer = await this.ask('list', '');
    this.expectDone(answer, 'list', '');
    return Object.keys(this.parse(answer, 'list'));
  }

  private async ask(verb: Verb, question: string): Promise<Answer> {
    const { environment, limitMs = LIMIT_MS, signal: interruption } = this.options;
    interruption?.throwIfAborted();
    // Not imported at the start, which programs from the cache have too: it takes a millisecond.
    const { spawn } = await import('node:child_process');
    const limit = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([limit, ...(interruption ? [interruption] : [])]);
    const child = spawn(this.program, [verb], { env: { ...environment }, killSignal: 'SIGKILL', signal });
    child.on('error', () => undefined); // which `once` below tells, but not a second one
    // It may answer without having read the question.
    child.stdin.on('error', () => undefined).end(question);
    try {
      const [stdout, stderr, [code]] = await Promise.all([
        collect(addAbortSignal(signal, child.stdout)),
        collect(addAbortSignal(signal, child.stderr)),
        once(child, 'exit', { signal }) as Promise<[number | null]>,
      ]);
      // Ctrl-C ends helpers too, before anybody hears of it here.
      if (code === null) await setImmediate();
      interruption?.throwIfAborted();
      return { isDone: code === 0, stdout, stderr };
    } catch (error) {
      child.kill('SIGKILL');
      interruption?.throwIfAborted();
      throw this.failure(verb, error, limit.aborted ? `no answer in ${limitMs / 1000} s` : undefined);
    } finally {
      // What it has started may hold on to them.
      child.stdout.destroy();
      child.stderr.destroy();
    }
  }

  /** Its answers are secret, so that none is quoted. */
  private parse({ stdout }: Answer, verb: Verb): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(stdout);
      if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
    } catch {
      // As below.
    }
    throw this.nonsense(verb);
  }

  private nonsense(verb: Verb): EcliError {
    return this.failure(verb, undefined, 'its answer is not one of a credential helper');
  }

  private expectDone({ isDone, stdout, stderr }: Answer, verb: Verb, key: string, secret?: string): void {
    if (isDone) return;
    // A helper that fails half-way may have begun its answer.
    const said = [stdout.trimStart().startsWith('{') ? '' : stdout, stderr]
      .map((text) => withoutSecret(text, secret).trim())
      .filter((text) => text !== '')
      .join(': ');
    const reason = said === '' ? 'it said nothing' : said.slice(0, SHOWN_CHARACTERS);
    throw this.failure(verb, undefined, `${reason}${key === '' ? '' : ` (${verb} ${key})`}`);
  }

  private failure(verb: Verb, cause: unknown, reason?: string): EcliError {
    const { configPath } = this.options;
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    if (reason === undefined && code === 'ENOENT') {
      return new EcliError('TOOL_MISSING', `${this.program}: not found in PATH`, {
        hint: `install it, or take it out of ${printable(configPath)}`,
        cause,
      });
    }
    const said = reason ?? (cause instanceof Error ? cause.message : String(cause));
    return new EcliError('SETTINGS_INVALID', `${this.program}: ${printable(said)}`, {
      hint: `${printable(configPath)} names it; try it by itself: ${this.program} ${verb === 'get' ? 'list' : verb}`,
      ...(cause !== undefined && { cause }),
    });
  }
}

function isNotFound({ isDone, stdout }: Answer): boolean {
  return !isDone && NOT_FOUND.includes(stdout.trim());
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > LIMIT_BYTES) throw new Error(`more than ${LIMIT_BYTES} bytes of answer`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Takes the secret out as it is, and as JSON spells it. */
function withoutSecret(text: string, secret: string | undefined): string {
  if (secret === undefined || secret === '') return text;
  return text.replaceAll(JSON.stringify(secret).slice(1, -1), '***').replaceAll(secret, '***');
}
