import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type EcliError } from '@ecli/core';
import {
  all,
  cutAfter,
  cutsAtOnce,
  encoded,
  FaultyServer,
  fine,
  headers,
  redirect,
  type ServerAnswer,
  status,
  wrongByte,
} from '@ecli/http/testing';
import { type Descriptor, fetchAll, OciMediaType, type Registry, type Repository } from '@ecli/oci';
import { startMemoryRegistry, startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { blobOf, open, pieces, pushImage, SHA256 } from './open-registry.ts';

const LAYER_BYTES = 300_000;

describe('Repository of a registry that lies and breaks down', () => {
  let upstream: TestRegistry;
  let server: FaultyServer;
  let repository: Repository;
  let image: Descriptor;
  const layer = randomBytes(LAYER_BYTES);
  const blob = blobOf(layer);

  beforeAll(async () => {
    upstream = await startRegistry({ relativeLocations: true });
    server = await FaultyServer.start({ upstream: new URL(upstream.origin) });
    repository = registry().repository('org/tool');
    image = await pushImage(repository, layer);
    await repository.tag(image, 'v1');
  });
  afterEach(() => server.reset());
  afterAll(async () => {
    await server.close();
    await upstream.stop();
  });

  function registry(): Registry {
    return open(server.url.host);
  }

  const manifests = { path: /\/manifests\// };
  const blobs = { path: /\/blobs\/sha256/, method: 'GET' };
  const mismatch = { code: 'DIGEST_MISMATCH' };

  test.each<[string, () => string]>([
    ['a tag', () => 'v1'],
    ['a digest', () => image.digest],
  ])('takes no manifest of %s with a wrong byte', async (_what, name) => {
    server.failAlways(manifests, wrongByte);
    await expect(repository.manifest(name())).rejects.toMatchObject(mismatch);
    await expect(fetchAll(repository, image)).rejects.toMatchObject(mismatch);
  });

  test('takes no manifest whose digest is stated wrongly', async () => {
    server.failAlways(manifests, headers({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` }));
    await expect(repository.manifest('v1')).rejects.toMatchObject(mismatch);
    await expect(repository.manifest(image.digest)).rejects.toMatchObject(mismatch);
    await expect(repository.resolve(image.digest)).rejects.toMatchObject(mismatch);
    await expect(repository.tag(image, 'v2')).rejects.toMatchObject(mismatch);
  });

  test.each([
    ['does not answer HEAD', status(405)],
    ['states no digest', headers({ 'docker-content-digest': undefined })],
    ['states no length', headers({ 'content-length': undefined, 'transfer-encoding': 'chunked' })],
    ['states no type', headers({ 'content-type': 'application/octet-stream' })],
    ['states what is no digest', headers({ 'docker-content-digest': 'sha256:0' })],
  ])('resolves a tag where the registry %s', async (_what, fault) => {
    server.failAlways({ ...manifests, method: 'HEAD' }, fault);
    await expect(repository.resolve('v1')).resolves.toEqual(image);
  });

  test('takes a manifest by what it is where no type is stated', async () => {
    server.failAlways(
      manifests,
      headers({ 'content-type': 'text/plain', 'docker-content-digest': undefined }),
    );
    await expect(repository.manifest('v1')).resolves.toMatchObject({ descriptor: image });
  });

  test('goes on with a blob where it was cut', async () => {
    server.fail(blobs, cutAfter(100_000), cutAfter(50_000), fine);
    const content = await fetchAll(repository, blob, { limitBytes: LAYER_BYTES });
    expect(Buffer.from(content).equals(layer)).toBe(true);
    const ranges = server.requests.map((request) => request.headers['range']);
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
  });

  test('begins a blob anew where the registry has no ranges', async () => {
    const whole = { status: 200, headers: {}, body: layer };
    server.fail(
      blobs,
      cutAfter(100_000),
      () => ({ ...whole, cutAfter: 150_000 }),
      () => whole,
    );
    const content = await fetchAll(repository, blob, { limitBytes: LAYER_BYTES });
    expect(Buffer.from(content).equals(layer)).toBe(true);
  });

  test('gives up on a blob that is always cut', async () => {
    server.failAlways(blobs, cutAfter(0));
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      step: 'transfer',
    });
    expect(server.requests.length).toBeLessThan(20);
  });

  test.each([
    ['a wrong byte', wrongByte],
    ['other bytes', status(200, {}, 'x'.repeat(LAYER_BYTES))],
    ['too few bytes', status(200, {}, 'x')],
    ['too many bytes', status(200, {}, 'x'.repeat(LAYER_BYTES + 1))],
    ['an encoding nobody asked for', encoded('gzip')],
    ['a web page', status(200, { 'content-type': 'text/html' }, '<html>')],
  ])('takes no blob with %s', async (_what, fault) => {
    server.failAlways(blobs, fault);
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toMatchObject(mismatch);
  });

  test('takes no wrong byte that came before a cut, nor one after it', async () => {
    server.fail(blobs, all(wrongByte, cutAfter(200_000)), fine);
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toMatchObject(mismatch);
    server.fail(blobs, cutAfter(100_000), wrongByte);
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toMatchObject(mismatch);
  });

  test('takes no part of a blob that is another part than asked for', async () => {
    server.fail(blobs, cutAfter(100_000), status(206, { 'content-range': 'bytes 0-9/300000' }, '0123456789'));
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
    });
  });

  test('uploads anew what was cut', async () => {
    const content = randomBytes(100_000);
    server.fail({ method: 'PUT', path: /uploads/ }, cutsAtOnce, status(500), fine);
    let sent = 0;
    await repository.push(blobOf(content), () => pieces(content), { sent: (bytes) => (sent += bytes) });
    await expect(repository.exists(blobOf(content))).resolves.toBe(true);
    expect(sent).toBe(content.length);
  });

  test('takes nothing for stored that the registry says is something else', async () => {
    const content = randomBytes(100);
    const answer = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };
    server.failAlways({ method: 'PUT', path: /uploads/ }, headers(answer));
    await expect(repository.push(blobOf(content), () => pieces(content))).rejects.toMatchObject(mismatch);
  });

  test.each<[string, EcliError['code'], number, string, string]>([
    ['too many requests', 'RATE_LIMITED', 429, '', 'log in'],
    [
      'no permission',
      'REGISTRY_DENIED',
      403,
      '{"errors":[{"code":"DENIED","message":"no"}]}',
      'ecli login 127.0.0.1',
    ],
    ['trouble', 'REMOTE_FAILED', 503, 'down for maintenance', 'try again later'],
    ['a web page', 'ARTIFACT_NOT_FOUND', 404, '<!doctype html>', 'the host you meant?'],
    ['nonsense', 'REMOTE_FAILED', 400, '\x1b[2J', ''],
    ['another kind of error', 'REMOTE_FAILED', 400, '{"errors":"no list"}', ''],
  ])('says what may help with %s', async (_what, code, answer, body, hint) => {
    server.failAlways({}, status(answer, {}, body));
    for (const ask of [() => repository.manifest('v1'), () => repository.tags()]) {
      const error = (await ask().catch((reason: unknown) => reason)) as EcliError;
      expect(error).toMatchObject({ code });
      expect(error.message).not.toContain('\x1b');
      expect(error.hint ?? '').toContain(hint);
    }
  });

  test('shows no secret of a place that it was redirected to', async () => {
    server.failAlways(blobs, redirect(`${server.url.href}gone?X-Amz-Signature=s3cret`));
    await expect(fetchAll(repository, blob, { limitBytes: LAYER_BYTES })).rejects.toThrow(/^(?!.*s3cret)/s);
  });
});

describe('Repository of a registry with passwords', () => {
  let upstream: TestRegistry;
  let server: FaultyServer;
  let elsewhere: FaultyServer;
  beforeAll(async () => {
    upstream = await startRegistry({ auth: 'htpasswd', relativeLocations: true });
    server = await FaultyServer.start({ upstream: new URL(upstream.origin) });
    elsewhere = await FaultyServer.start();
  });
  afterAll(async () => {
    await elsewhere.close();
    await server.close();
    await upstream.stop();
  });

  test('gives them to nobody else: not to where blobs, uploads or pages are said to be', async () => {
    const registry = open(server.url.host, { inline: upstream.credentials });
    const repository = registry.repository('a');
    const layer = randomBytes(1000);
    const image = await pushImage(repository, layer);
    await repository.tag(image, 'v1');

    elsewhere.serve('/blob', layer);
    server.fail({ path: /\/blobs\/sha256/, method: 'GET' }, redirect(new URL('/blob', elsewhere.url)));
    await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(1000);

    const other = randomBytes(1000);
    const location = new URL('/upload?state=1', elsewhere.url).href;
    elsewhere.answer('/upload', () => ({ status: 201, headers: {}, body: Buffer.alloc(0) }));
    server.fail({ path: /uploads\/$/, method: 'POST' }, status(202, { location }));
    await repository.push(blobOf(other), () => pieces(other));

    elsewhere.serve('/tags', '{"tags":["v2"]}');
    server.fail({ path: /tags/ }, headers({ link: `<${new URL('/tags', elsewhere.url).href}>; rel="next"` }));
    await expect(repository.tags()).resolves.toEqual(['v1', 'v2']);

    // A challenge of somebody else is nobody's business.
    elsewhere.answer('/login', () => {
      const challenge = { 'www-authenticate': 'Basic realm="give"' };
      return { status: 401, headers: challenge, body: Buffer.alloc(0) };
    });
    server.fail({ path: /\/blobs\/sha256/, method: 'GET' }, redirect(new URL('/login', elsewhere.url)));
    await expect(fetchAll(repository, blobOf(layer))).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
      message: expect.stringContaining(
        `: ${elsewhere.url.host}, where ${server.url.host} keeps it, refuses it (401)`,
      ),
    });

    expect(elsewhere.requests.map(({ target }) => target.split('?')[0])).toEqual([
      '/blob',
      '/upload',
      '/tags',
      '/login',
    ]);
    expect(elsewhere.requests.flatMap(({ headers: sent }) => sent['authorization'] ?? [])).toEqual([]);
    expect(elsewhere.requests[1]?.target).toBe(
      `/upload?state=1&digest=${encodeURIComponent(blobOf(other).digest)}`,
    );
  });
});

describe('Repository of a hostile registry', () => {
  let server: FaultyServer;
  let repository: Repository;
  const layer = randomBytes(1000);
  const index = (manifests: unknown, more: object = {}): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: OciMediaType.index, manifests, ...more });

  beforeEach(async () => {
    server = await FaultyServer.start();
    repository = open(server.url.host).repository('a');
  });
  afterEach(() => server.close());

  test.each(['tags', 'referrers'])('whose list of %s has no end is left', async (what) => {
    const tags = Array.from({ length: 30_000 }, (_, index) => `${index}`.padStart(128, '0'));
    const body =
      what === 'tags' ? JSON.stringify({ tags }) : index([], { annotations: { x: 'x'.repeat(4e6) } });
    let pages = 0;
    const page = (): ServerAnswer => ({
      status: 200,
      headers: { 'content-type': OciMediaType.index, link: `<?page=${(pages += 1)}>; rel="next"` },
      body: Buffer.from(body),
    });
    server.answer('/v2/a/tags/list', page);
    server.answer(`/v2/a/referrers/${SHA256}`, page);
    const asked =
      what === 'tags' ? repository.tags() : repository.referrers({ ...blobOf(layer), digest: SHA256 });
    await expect(asked).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    expect(pages).toBeLessThan(30);
  });

  test.each([400, 404, 405, 415, 501])(
    'is asked for the tag of referrers when it says %i to the question for them',
    async (code) => {
      const subject = blobOf(layer, OciMediaType.manifest);
      const entry = blobOf(Buffer.from('signature'), OciMediaType.manifest);
      server.failAlways({ path: `/v2/a/referrers/${subject.digest}` }, status(code));
      const tag = `/v2/a/manifests/${subject.digest.replace(':', '-')}`;
      server.serve(tag, index([entry]), { 'content-type': OciMediaType.index });
      await expect(repository.referrers(subject)).resolves.toEqual([entry]);
    },
  );

  test('is not asked for all its tags to suggest some', async () => {
    let pages = 0;
    server.answer('/v2/a/tags/list', () => ({
      status: 200,
      headers: { link: `<?page=${(pages += 1)}>; rel="next"` },
      body: Buffer.from('{"tags":["v2"]}'),
    }));
    await expect(repository.manifest('v1')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      hint: 'these tags exist: v2',
    });
    expect(pages).toBe(3);
  });

  test('may ask for chunks of any size, and fills no memory with that', async () => {
    const location = '/upload?state=~a%20b&x';
    const head = { location, 'oci-chunk-min-length': String(Number.MAX_SAFE_INTEGER) };
    const answer = (status: number): ServerAnswer => ({ status, headers: head, body: Buffer.alloc(0) });
    server.answer('/v2/a/blobs/uploads/', () => answer(202));
    server.answer('/upload', ({ method }) => answer(method === 'PATCH' ? 202 : 201));
    server.fail({ method: 'PUT', path: '/upload' }, status(413));
    await repository.push(blobOf(layer), () => pieces(layer));
    const [, , , patch, end] = server.requests;
    expect(Buffer.from(patch?.body ?? []).equals(layer)).toBe(true);
    // What the registry has signed stays as it is.
    expect(end?.target).toBe(`${location}&digest=${encodeURIComponent(blobOf(layer).digest)}`);
  });

  test('that repeats what it was told gets no secret into a message', async () => {
    const inline = { username: 'user', password: 'pa"ss w/ord' };
    const basic = Buffer.from('user:pa"ss w/ord').toString('base64');
    const challenge = { 'www-authenticate': 'Basic realm="x"' };
    const said = (message: string): string => JSON.stringify({ errors: [{ code: 'DENIED', message }] });
    server.failAlways({}, status(401, challenge, said(`not ${inline.password} (Basic ${basic})`)));
    const error = await open(server.url.host, { inline }).repository('a').manifest('v1').catch(String);
    expect(error).toContain('DENIED: not *** (Basic ***)');
  });

  test('has nothing overwritten that is no list of referrers', async () => {
    const subject = blobOf(layer, OciMediaType.manifest);
    const config = blobOf(Buffer.from('{}'), OciMediaType.empty);
    const manifest = { schemaVersion: 2, mediaType: OciMediaType.manifest, config, layers: [] };
    const bytes = Buffer.from(JSON.stringify({ ...manifest, subject }));
    const stored = blobOf(bytes, OciMediaType.manifest);
    server.answer(`/v2/a/manifests/${stored.digest}`, () => ({
      status: 201,
      headers: {},
      body: Buffer.alloc(0),
    }));
    const tag = `/v2/a/manifests/${subject.digest.replace(':', '-')}`;
    server.serve(tag, JSON.stringify(manifest), { 'content-type': OciMediaType.manifest });
    await expect(repository.push(stored, () => pieces(bytes))).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
      hint: expect.stringContaining('nothing was changed'),
    });
    expect(server.requests.filter(({ method, target }) => method === 'PUT' && target === tag)).toEqual([]);
  });

  test('may lose what is added to a list of referrers, which is said', async () => {
    const subject = blobOf(layer, OciMediaType.manifest);
    const bytes = Buffer.from(index([], { subject }));
    const stored = blobOf(bytes, OciMediaType.index);
    const answer = (): ServerAnswer => ({ status: 201, headers: {}, body: Buffer.alloc(0) });
    server.answer(`/v2/a/manifests/${stored.digest}`, answer);
    const tag = `/v2/a/manifests/${subject.digest.replace(':', '-')}`;
    server.serve(tag, index([]), { 'content-type': OciMediaType.index });
    await expect(repository.push(stored, () => pieces(bytes))).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
      message: expect.stringContaining('overwrite it again and again'),
      hint: expect.stringContaining('push it again'),
    });
    expect(server.requests.filter(({ method, target }) => method === 'PUT' && target === tag)).toHaveLength(
      24,
    );
  });

  test.each([200, 202])('may say %i to a manifest that it has stored', async (code) => {
    const bytes = Buffer.from(index([]));
    const stored = blobOf(bytes, OciMediaType.index);
    server.failAlways({ method: 'PUT' }, status(code));
    await expect(repository.push(stored, () => pieces(bytes))).resolves.toBeUndefined();
  });
});

describe('Repository of a registry of its own kind', () => {
  test.each([
    ['largest chunks', { largestChunkBytes: 1_500_000 }],
    ['least chunks', { leastChunkBytes: 5_000_000 }],
    ['any chunks', {}],
  ])('is given %s where it takes no blob in one piece', async (_what, rules) => {
    const memory = await startMemoryRegistry(rules);
    const server = await FaultyServer.start({ upstream: new URL(memory.origin) });
    try {
      const repository = open(server.url.host).repository('a');
      const layer = randomBytes(9_000_000);
      server.fail({ method: 'PUT', path: /uploads/ }, status(413));
      let sent = 0;
      await repository.push(blobOf(layer), () => pieces(layer), { sent: (bytes) => (sent += bytes) });
      const content = await fetchAll(repository, blobOf(layer), { limitBytes: layer.length });
      expect(Buffer.from(content).equals(layer)).toBe(true);
      expect(sent).toBe(layer.length);
    } finally {
      await server.close();
      await memory.stop();
    }
  });

  test('is read page by page', async () => {
    const memory = await startMemoryRegistry({ pageSize: 2 });
    try {
      const repository = open(memory.host).repository('a');
      const image = await pushImage(repository, randomBytes(10));
      for (let version = 1; version <= 5; version++) await repository.tag(image, `v${version}`);
      await expect(repository.tags()).resolves.toEqual(['v1', 'v2', 'v3', 'v4', 'v5']);
      const subjects = [];
      for (const artifactType of ['a/x', 'a/y', 'a/x', 'a/x']) {
        subjects.push(await pushImage(repository, randomBytes(10), { subject: image, artifactType }));
      }
      await expect(repository.referrers(image)).resolves.toHaveLength(4);
      await expect(repository.referrers(image, 'a/x')).resolves.toHaveLength(3);
      expect(memory.requests.filter(({ path }) => path.includes('manifests/sha256-'))).toEqual([]);
    } finally {
      await memory.stop();
    }
  });

  test('need not state digests, mount blobs or spell paths', async () => {
    const memory = await startMemoryRegistry({
      saysDigests: false,
      mounts: false,
      locations: 'url',
      referrers: false,
    });
    try {
      const repository = open(memory.host).repository('a');
      const image = await pushImage(repository, randomBytes(10));
      await repository.tag(image, 'v1');
      await expect(repository.resolve('v1')).resolves.toEqual(image);
      const signature = await pushImage(repository, randomBytes(10), { subject: image });
      await expect(repository.referrers(image)).resolves.toMatchObject([{ digest: signature.digest }]);
      const config = blobOf(Buffer.from('{}'));
      await expect(open(memory.host).repository('b').mount(config, 'a')).resolves.toBe(false);
    } finally {
      await memory.stop();
    }
  });

  test('keeps all of a list of referrers to which many add at once', async () => {
    const memory = await startMemoryRegistry({ referrers: false });
    // By timers, as it is outside of tests.
    const repository = (): Repository =>
      open(memory.host, { pause: (milliseconds) => setTimeout(milliseconds) }).repository('a');
    try {
      const image = await pushImage(repository(), randomBytes(10));
      const signatures = Array.from({ length: 8 }, () =>
        pushImage(repository(), randomBytes(10), { subject: image }),
      );
      const pushed = new Set((await Promise.all(signatures)).map(({ digest }) => digest));
      const listed = await repository().referrers(image);
      expect(new Set(listed.map(({ digest }) => digest))).toEqual(pushed);
    } finally {
      await memory.stop();
    }
  });

  test('may go round in circles, and is left then', async () => {
    const server = await FaultyServer.start();
    try {
      server.serve('/v2/a/tags/list', '{"tags":["v1",7,"no tag",null]}', {
        link: '</v2/a/tags/list>; rel="next"',
      });
      await expect(open(server.url.host).repository('a').tags()).resolves.toEqual(['v1']);
      server.serve('/v2/a/tags/list', '{"name":"a","tags":null}');
      await expect(open(server.url.host).repository('a').tags()).resolves.toEqual([]);
      server.serve('/v2/a/tags/list', 'tags');
      await expect(open(server.url.host).repository('a').tags()).rejects.toMatchObject({
        code: 'REMOTE_FAILED',
      });
    } finally {
      await server.close();
    }
  });
});
