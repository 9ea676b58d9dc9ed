import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, type FetchContext, MediaType, type TransferProgress } from '@ecli/core';
import { HttpClient } from '@ecli/http';
import { type Descriptor, findCredentialStore, packProgram, Registry, type Repository } from '@ecli/oci';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { OciSource } from '@ecli/source-oci';

/** The least that is recognised as a JSON package. */
export const content = Buffer.from('{"bpf_object":"","bpf_object_size":0,"meta":{}}');

/** What a fetch told besides its result. */
export interface Told {
  readonly context: FetchContext;
  readonly warnings: string[];
  readonly transfers: TransferProgress[];
}

export function told(wishes: Partial<FetchContext> = {}): Told {
  const warnings: string[] = [];
  const transfers: TransferProgress[] = [];
  const context = {
    signal: new AbortController().signal,
    warn: (line: string) => void warnings.push(line),
    progress: (progress: TransferProgress) => void transfers.push(progress),
    ...wishes,
  };
  return { context, warnings, transfers };
}

export function textOf({ content: bytes }: { readonly content: Uint8Array }): string {
  return Buffer.from(bytes).toString();
}

/** A real registry for the tests of a file, and for each test a home of its own. */
export class Workbench {
  registry!: TestRegistry;
  home = '';
  private http!: HttpClient;
  private readonly homes: string[] = [];

  constructor() {
    beforeAll(async () => {
      this.registry = await startRegistry();
      this.http = new HttpClient();
    }, 60_000);
    beforeEach(async () => {
      this.home = await this.makeHome();
    });
    afterAll(async () => {
      this.http.close();
      await this.registry.stop();
      for (const home of this.homes) await rm(home, { recursive: true, force: true });
    });
  }

  async makeHome(): Promise<string> {
    const home = await mkdtemp(join(tmpdir(), 'ecli-test-home-'));
    this.homes.push(home);
    return home;
  }

  source(options: { readonly limitBytes?: number; readonly home?: string } = {}): OciSource {
    const { home = this.home, ...others } = options;
    return new OciSource({
      environment: { HOME: home, XDG_CACHE_HOME: join(home, 'cache') },
      policyPlaces: { systemPath: join(home, 'policy.json') },
      ...others,
    });
  }

  reference(rest: string): string {
    return `${this.registry.host}/${rest}`;
  }

  repository(name: string): Repository {
    const { http, registry } = this;
    return new Registry(registry.host, { http, credentials: findCredentialStore({}) }).repository(name);
  }

  async put(name: string, bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
    await this.repository(name).push(descriptor, async function* () {
      yield bytes;
    });
    return descriptor;
  }

  /** Puts a manifest or index there, under a tag. */
  async putDocument(name: string, tag: string, document: object, mediaType: string): Promise<Descriptor> {
    const descriptor = await this.put(name, Buffer.from(JSON.stringify(document)), mediaType);
    await this.repository(name).tag(descriptor, tag);
    return descriptor;
  }

  async pushProgram(name: string, tag: string, bytes: Uint8Array = content): Promise<Descriptor> {
    const { manifest, blobs } = packProgram({ content: bytes, mediaType: MediaType.package, name });
    for (const blob of [...blobs, manifest]) await this.put(name, blob.bytes, blob.descriptor.mediaType);
    await this.repository(name).tag(manifest.descriptor, tag);
    return manifest.descriptor;
  }

  /** Notes what the registry is asked from now on, by the methods of the requests. */
  listen(): () => string[] {
    const start = this.registry.log().length;
    return () =>
      this.registry
        .log()
        .slice(start)
        .match(/(?<="http.request.method":")\w+/g) ?? [];
  }
}
