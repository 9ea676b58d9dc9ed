import { type Certificates, createCertificates } from '@ecli/http/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './registry-process.ts';
import { CREDENTIALS, PASSWORD_FILE } from './test-credentials.ts';
import { type TokenRealm, type TokenService, startTokenService } from './token-service.ts';

export interface RegistryOptions {
  /**
   * Who may come: everybody by default, those who know the password, those who bring a token of the registry's
   * own token service, or of another. Spread one with another `realm` for a challenge that leads elsewhere.
   */
  readonly auth?: 'none' | 'htpasswd' | 'token' | TokenRealm;
  /** Speaks https with a certificate for localhost and 127.0.0.1, by an authority of its own unless one is given. */
  readonly tls?: boolean | Certificates;
  /** Whether content may be deleted; it may by default. */
  readonly deletable?: boolean;
  /** Answers an upload with a `Location` that is a path instead of a whole URL. */
  readonly relativeLocations?: boolean;
}

/** A registry that runs as a process of its own until `stop`. */
export interface TestRegistry {
  /** As references begin: `localhost:34567`. */
  readonly host: string;
  /** `http://localhost:34567` */
  readonly origin: string;
  /** What `auth: 'htpasswd'` and `auth: 'token'` let in. */
  readonly credentials: { readonly username: string; readonly password: string };
  /** Its own token service, over https when it is itself. */
  readonly tokens: TokenService | undefined;
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

/** Starts Debian's docker-registry on a free port of the loopback interface. @throws Error with its log */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-test-registry-'));
  const release: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of release.splice(0).reverse()) await each();
  };
  try {
    const { tls = false, auth = 'none' } = options;
    const certificates = tls === true ? await createCertificates(folder) : tls || undefined;
    const tokens = auth === 'token' ? await startTokenService(certificates) : undefined;
    if (tokens) release.push(tokens.stop);
    await writeFile(join(folder, 'htpasswd'), PASSWORD_FILE);

    const output: string[] = [];
    const start = async (port: number) => {
      const settings = configuration(folder, port, certificates, tokens ?? auth, options);
      const running = await startProcess(folder, settings, (text) => output.push(text));
      release.push(running.kill);
      return running;
    };
    let running = await start(0);
    const host = `localhost:${running.port}`;
    return {
      host,
      origin: `${certificates ? 'https' : 'http'}://${host}`,
      credentials: CREDENTIALS,
      tokens,
      caFile: certificates?.caFile,
      folder,
      log: () => output.join(''),
      goAway: () => running.kill(),
      comeBack: async () => void (running = await start(running.port)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** https://distribution.github.io/distribution/about/configuration/ */
function configuration(
  folder: string,
  port: number,
  certificates: Certificates | undefined,
  auth: 'none' | 'htpasswd' | 'token' | TokenRealm,
  { deletable = true, relativeLocations = false }: RegistryOptions,
): object {
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
      ...(certificates && {
        tls: { certificate: certificates.server.certFile, key: certificates.server.keyFile },
      }),
    },
    ...authentication(folder, auth),
  };
}

function authentication(folder: string, auth: string | TokenRealm): object {
  if (typeof auth === 'string') {
    const htpasswd = { realm: 'test', path: join(folder, 'htpasswd') };
    return auth === 'htpasswd' ? { auth: { htpasswd } } : {};
  }
  const { realm, service, issuer, authorityFile: rootcertbundle } = auth;
  return { auth: { token: { realm, service, issuer, rootcertbundle } } };
}
