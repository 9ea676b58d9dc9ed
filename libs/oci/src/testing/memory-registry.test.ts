import { afterEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { type MemoryRegistry, startMemoryRegistry } from './memory-registry.ts';
import type { MemoryRegistryOptions } from './memory-answers.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };

function digestOf(content: string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** Each name is a sentence of the distribution specification, or what real registries do within it. */
describe('startMemoryRegistry', () => {
  let registry: MemoryRegistry;
  afterEach(() => registry.stop());

  async function start(options?: MemoryRegistryOptions): Promise<void> {
    registry = await startMemoryRegistry(options);
  }

  const call = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(new URL(path, `${registry.origin}/v2/org/tool/`), {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
  const codeOf = async (answer: Response) => {
    const { errors } = (await answer.json()) as { errors: { code: string }[] };
    return `${answer.status} ${errors[0]?.code}`;
  };

  async function startUpload(): Promise<string> {
    return (await call('POST', 'blobs/uploads/')).headers.get('location') ?? '';
  }

  async function pushBlob(content: string, algorithm = 'sha256'): Promise<Response> {
    return call('PUT', `${await startUpload()}&digest=${digestOf(content, algorithm)}`, content);
  }

  /** Pushes an artifact with an empty config, and returns its digest. */
  async function pushManifest(tag: string, more: object = {}): Promise<string> {
    await pushBlob('{}');
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: EMPTY,
      layers: [],
      ...more,
    });
    const answer = await call('PUT', `manifests/${tag}`, manifest, { 'content-type': MANIFEST });
    expect(answer.status).toBe(201);
    return digestOf(manifest);
  }

  test('takes blobs of sha256 and sha512 and gives them back, in part too', async () => {
    await start();
    for (const algorithm of ['sha256', 'sha512']) {
      expect((await pushBlob('content', algorithm)).status).toBe(201);
      const path = `blobs/${digestOf('content', algorithm)}`;
      expect(await (await call('GET', path)).text()).toBe('content');
      const part = await call('GET', path, undefined, { range: 'bytes=3-' });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 3-6/7']);
    }
  });

  test('refuses content that is not what its digest names', async () => {
    await start();
    const answer = await call('PUT', `${await startUpload()}&digest=${digestOf('other')}`, 'content');
    expect(await codeOf(answer)).toBe('400 DIGEST_INVALID');
    expect((await call('HEAD', `blobs/${digestOf('other')}`)).status).toBe(404);
  });

  test('takes chunks in order, each at the newest location', async () => {
    await start();
    const first = await startUpload();
    const second = await call('PATCH', first, 'con', { 'content-range': '0-2' });
    expect([second.status, second.headers.get('range')]).toEqual([202, '0-2']);
    const location = second.headers.get('location') ?? '';
    expect((await call('PATCH', first, 'tent', { 'content-range': '3-6' })).status).toBe(404);
    expect((await call('PATCH', location, 'tent', { 'content-range': '4-7' })).status).toBe(416);
    expect((await call('GET', location)).headers.get('range')).toBe('0-2');
    const third = await call('PATCH', location, 'tent', { 'content-range': '3-6' });
    const end = `${third.headers.get('location')}&digest=${digestOf('content')}`;
    expect((await call('PUT', end)).status).toBe(201);
  });

  test('has limits of chunks', async () => {
    await start({ largestChunkBytes: 4, leastChunkBytes: 3 });
    const answer = await call('POST', 'blobs/uploads/');
    expect(answer.headers.get('oci-chunk-min-length')).toBe('3');
    const location = answer.headers.get('location') ?? '';
    expect((await call('PATCH', location, '12345')).status).toBe(416);
    const next = (await call('PATCH', location, '12')).headers.get('location') ?? '';
    expect((await call('PATCH', next, '345')).status).toBe(416);
  });

  test.each([
    [true, 201],
    [false, 202],
  ])('mounts from other repositories: %s', async (mounts, status) => {
    await start({ mounts });
    await pushBlob('content');
    const mount = `/v2/other/blobs/uploads/?mount=${digestOf('content')}&from=org/tool`;
    expect((await call('POST', mount)).status).toBe(status);
    expect((await call('POST', mount.replace('=org/tool', '=org/none'))).status).toBe(202);
    const got = await call('GET', `/v2/other/blobs/${digestOf('content')}`);
    expect(got.status).toBe(mounts ? 200 : 404);
  });

  test('refuses manifests whose blobs are not there', async () => {
    await start();
    const manifest = JSON.stringify({ schemaVersion: 2, config: EMPTY, layers: [] });
    expect(await codeOf(await call('PUT', 'manifests/v1', manifest))).toBe('400 MANIFEST_BLOB_UNKNOWN');
  });

  test('finds manifests by tag and digest, and deletes them', async () => {
    await start();
    const digest = await pushManifest('v1');
    const found = await call('GET', 'manifests/v1');
    expect(found.headers.get('content-type')).toBe(MANIFEST);
    expect(found.headers.get('docker-content-digest')).toBe(digest);
    expect((await call('DELETE', `manifests/${digest}`)).status).toBe(202);
    expect(await codeOf(await call('GET', 'manifests/v1'))).toBe('404 MANIFEST_UNKNOWN');
  });

  test('can keep silent about digests', async () => {
    await start({ saysDigests: false });
    await pushManifest('v1');
    expect((await call('HEAD', 'manifests/v1')).headers.has('docker-content-digest')).toBe(false);
  });

  test('lists tags in order and by pages', async () => {
    await start({ pageSize: 2 });
    for (const tag of ['c', 'a', 'b']) await pushManifest(tag);
    const first = await call('GET', 'tags/list?n=5');
    expect(await first.json()).toEqual({ name: 'org/tool', tags: ['a', 'b'] });
    const [, next = ''] = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await call('GET', next);
    expect(await second.json()).toEqual({ name: 'org/tool', tags: ['c'] });
    expect(second.headers.has('link')).toBe(false);
  });

  describe('lists referrers', () => {
    const subject = { mediaType: MANIFEST, digest: digestOf('not there yet'), size: 13 };
    const referrers = async (query = '') => {
      const answer = await call('GET', `referrers/${subject.digest}${query}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/vnd.oci.image.index.v1+json',
      ]);
      return { headers: answer.headers, index: (await answer.json()) as { manifests: object[] } };
    };

    test('with their artifact type, or that of their config, and their annotations', async () => {
      await start();
      expect((await referrers()).index.manifests).toEqual([]);
      const annotations = { a: 'b' };
      const typed = await pushManifest('one', { subject, artifactType: 'text/one', annotations });
      const untyped = await pushManifest('two', { subject });
      const { index } = await referrers();
      expect(index.manifests).toHaveLength(2);
      expect(index.manifests).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ digest: typed, artifactType: 'text/one', annotations }),
          expect.objectContaining({ digest: untyped, artifactType: EMPTY.mediaType }),
        ]),
      );
    });

    test('of one type, saying that it chose', async () => {
      await start();
      await pushManifest('one', { subject, artifactType: 'text/one' });
      await pushManifest('two', { subject, artifactType: 'text/two' });
      const { headers, index } = await referrers('?artifactType=text%2Ftwo');
      expect(headers.get('oci-filters-applied')).toBe('artifactType');
      expect(index.manifests).toMatchObject([{ artifactType: 'text/two' }]);
    });

    test('and tells whoever pushes one that it does', async () => {
      await start();
      await pushBlob('{}');
      const manifest = JSON.stringify({ schemaVersion: 2, config: EMPTY, layers: [], subject });
      const answer = await call('PUT', 'manifests/v1', manifest);
      expect(answer.headers.get('oci-subject')).toBe(subject.digest);
    });

    test('unless it is told to have no such thing', async () => {
      await start({ referrers: false });
      expect((await call('GET', `referrers/${subject.digest}`)).status).toBe(404);
    });
  });

  test('records what it was asked', async () => {
    await start();
    await call('HEAD', 'manifests/v1', undefined, { 'x-test': 'yes' });
    expect(registry.requests).toMatchObject([
      { method: 'HEAD', path: '/v2/org/tool/manifests/v1', status: 404, headers: { 'x-test': 'yes' } },
    ]);
  });
});
