import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type TestCertificates, createTestCertificates } from './certificates.ts';

export interface RegistryOptions {
  /** Who may come: everybody by default; `htpasswd` is HTTP Basic; a token service hands out Bearer tokens. */
  readonly auth?: 'none' | 'htpasswd' | TokenRealm;
  /** Speaks https with a certificate for localhost and 127.0.0.1, by an authority of its own unless one is given. */
  readonly tls?: boolean | TestCertificates;
  /** Whether content may be deleted; it may by default. */
  readonly deletable?: boolean;
  /** Answers an upload with a `Location` that is a path instead of a whole URL. */
  readonly relativeLocations?: boolean;
}

/** What a registry must know of a token service (https://distribution.github.io/distribution/about/configuration/#token). */
export interface TokenRealm {
  /** The URL that the challenge sends clients to. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM of the certificates whose keys may sign tokens. */
  readonly certificateFile: string;
}

/** A registry that runs as a process of its own until `stop`. */
export interface TestRegistry {
  /** As references begin: `localhost:34567`. */
  readonly host: string;
  /** `http://localhost:34567` */
  readonly origin: string;
  /** What `auth: 'htpasswd'` lets in. */
  readonly credentials: { readonly username: string; readonly password: string };
  /** PEM of the authority that signed its certificate; undefined over http. */
  readonly caFile: string | undefined;
  /** Holds what it stores, under `storage`; nothing of it stays after `stop`. */
  readonly folder: string;
  /** All that it has said so far, one JSON object a line: what it was asked is there too. */
  log(): string;
  /** Ends it as a machine that loses its power; the port refuses connections then. */
  goAway(): Promise<void>;
  /** Starts it again with what it had, at the port that it had. */
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAM = 'docker-registry';
const START_LIMIT_MS = 20_000;

/** The password has a colon, since the first colon alone ends a name. */
const CREDENTIALS = { username: 'alice', password: 'wonder:land' };

/** `htpasswd -Bbn alice wonder:land`: the registry takes bcrypt and nothing else. */
const PASSWORD_FILE = 'alice:$2y$05$Gc.qoAfx0JeVuIKpbbo5TuO3xxZGi0i.1Iv20UBse5IyQ2NzE/HK.\n';

/** Starts Debian's docker-registry on a free port of the loopback interface. @throws Error with its log */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-test-registry-'));
  try {
    return await startIn(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(folder: string, options: RegistryOptions): Promise<TestRegistry> {
  const { tls = false } = options;
  const certificates = tls === true ? await createTestCertificates(folder) : tls || undefined;
  await writeFile(join(folder, 'htpasswd'), PASSWORD_FILE);
  const output: string[] = [];
  const start = async (port: number) => {
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify(configuration(folder, port, certificates, options)));
    return startProcess(file, output);
  };
  let running = await start(0);
  const host = `localhost:${running.port}`;
  return {
    host,
    origin: `${certificates ? 'https' : 'http'}://${host}`,
    credentials: CREDENTIALS,
    caFile: certificates?.caFile,
    folder,
    log: () => output.join(''),
    goAway: () => kill(running.child),
    comeBack: async () => {
      running = await start(running.port);
    },
    stop: async () => {
      await kill(running.child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** https://distribution.github.io/distribution/about/configuration/; YAML takes JSON. */
function configuration(
  folder: string,
  port: number,
  certificates: TestCertificates | undefined,
  { auth = 'none', deletable = true, relativeLocations = false }: RegistryOptions,
): object {
  const { certificateFile: certificate, keyFile: key } = certificates ?? {};
  return {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: {
      filesystem: { rootdirectory: join(folder, 'storage') },
      delete: { enabled: deletable },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      relativeurls: relativeLocations,
      ...(certificates && { tls: { certificate, key } }),
    },
    ...authentication(folder, auth),
  };
}

function authentication(folder: string, auth: 'none' | 'htpasswd' | TokenRealm): object {
  if (auth === 'none') return {};
  if (auth === 'htpasswd') {
    return { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } };
  }
  const { realm, service, issuer, certificateFile: rootcertbundle } = auth;
  return { auth: { token: { realm, service, issuer, rootcertbundle } } };
}

interface RegistryProcess {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Resolves once it listens, which it says after it does. */
async function startProcess(configurationFile: string, output: string[]): Promise<RegistryProcess> {
  // The kernel ends it with the thread that started it, however the tests end.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', PROGRAM, 'serve', configurationFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  const begin = output.length;
  const said = () => output.slice(begin).join('');
  const portSaid = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output.push(text);
        const [, port] = /listening on 127\.0\.0\.1:(\d+)/.exec(said()) ?? [];
        if (port) resolve(Number(port));
      });
    }
  });
  const failed = async (): Promise<never> => {
    await once(child, 'close'); // rejects when it can't be started at all
    throw new Error(`${PROGRAM} ended with ${child.exitCode ?? child.signalCode}: ${said()}`);
  };
  const limit = new AbortController();
  const late = async (): Promise<never> => {
    await delay(START_LIMIT_MS, undefined, { signal: limit.signal });
    throw new Error(`${PROGRAM} is not ready after ${START_LIMIT_MS} ms: ${said()}`);
  };
  try {
    return { child, port: await Promise.race([portSaid, failed(), late()]) };
  } catch (error) {
    await kill(child);
    throw error;
  } finally {
    limit.abort();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
