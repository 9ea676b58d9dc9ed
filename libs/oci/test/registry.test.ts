import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchAll, type Repository } from '@ecli/oci';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { blobOf, open, pieces, pushImage, SHA256 } from './open-registry.ts';

describe('Repository of an open registry', () => {
  let server: TestRegistry;
  let repository: Repository;
  beforeAll(async () => {
    server = await startRegistry();
    repository = open(server.host).repository('org/tool');
  });
  afterAll(() => server.stop());

  test('gives back what was pushed, by tag and by digest', async () => {
    const layer = randomBytes(3_000_000);
    const image = await pushImage(repository, layer);
    await repository.tag(image, 'v1');
    await expect(repository.resolve('v1')).resolves.toEqual(image);
    await expect(repository.resolve(image.digest)).resolves.toEqual(image);
    const { descriptor, bytes } = await repository.manifest('v1');
    expect(descriptor).toEqual(image);
    expect(Buffer.from(await fetchAll(repository, image)).equals(Buffer.from(bytes))).toBe(true);
    const content = await fetchAll(repository, blobOf(layer));
    expect(Buffer.from(content).equals(layer)).toBe(true);
  });

  test('knows what is there', async () => {
    const layer = randomBytes(100);
    await expect(repository.exists(blobOf(layer))).resolves.toBe(false);
    const image = await pushImage(repository, layer);
    await expect(repository.exists(blobOf(layer))).resolves.toBe(true);
    await expect(repository.exists(image)).resolves.toBe(true);
    await expect(repository.exists({ ...image, digest: SHA256 })).resolves.toBe(false);
  });

  test('takes a blob over from another repository, and uploads where there is none', async () => {
    const layer = randomBytes(1000);
    await pushImage(repository, layer);
    const other = open(server.host).repository('org/other');
    await expect(other.mount(blobOf(layer), 'org/tool')).resolves.toBe(true);
    await expect(other.exists(blobOf(layer))).resolves.toBe(true);
    const unknown = randomBytes(1000);
    await expect(other.mount(blobOf(unknown), 'org/tool')).resolves.toBe(false);
    await other.push(blobOf(unknown), () => pieces(unknown));
    await expect(fetchAll(other, blobOf(unknown))).resolves.toHaveLength(1000);
  });

  test('lists tags in the order of their numbers', async () => {
    const image = await pushImage(repository, randomBytes(10));
    for (const tag of ['v1.10', 'v1.9', 'v1.9-rc1', 'v10']) await repository.tag(image, tag);
    const tags = await repository.tags();
    expect(tags.filter((tag) => tag !== 'v1')).toEqual(['v1.9', 'v1.9-rc1', 'v1.10', 'v10']);
  });

  test('says which tags there are instead of the one that is not', async () => {
    const named = open(server.host).repository('org/named');
    const image = await pushImage(named, randomBytes(10));
    for (const tag of ['v1', 'v2', 'latest']) await named.tag(image, tag);
    await expect(named.manifest('v3')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      status: 404,
      message: expect.stringContaining(`${server.host}/org/named:v3: not found (404 MANIFEST_UNKNOWN`),
      hint: 'these tags exist: v1, v2, latest',
    });
    await expect(open(server.host).repository('org/none').manifest('v3')).rejects.toMatchObject({
      hint: expect.stringContaining(`is ${server.host} the host you meant?`),
    });
    await expect(open(server.host).repository('org/none').tags()).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: expect.stringContaining('no such repository'),
    });
  });

  test('stores nothing that is not what it should be', async () => {
    const layer = randomBytes(200_000);
    const wrong = Buffer.from(layer);
    wrong[199_999] = (wrong[199_999] ?? 0) ^ 1;
    for (const content of [wrong, layer.subarray(1), Buffer.concat([layer, layer])]) {
      await expect(repository.push(blobOf(layer), () => pieces(content))).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    }
    await expect(repository.exists(blobOf(layer))).resolves.toBe(false);
  });

  test('lists what refers to an image under a tag, for the registry has no list', async () => {
    const image = await pushImage(repository, randomBytes(10));
    await expect(repository.referrers(image)).resolves.toEqual([]);
    const one = await pushImage(repository, randomBytes(10), { subject: image });
    const two = await pushImage(repository, randomBytes(10), {
      subject: image,
      artifactType: 'application/y',
    });
    const all = await repository.referrers(image);
    expect(all.map(({ digest }) => digest)).toEqual([one.digest, two.digest]);
    await expect(repository.referrers(image, 'application/y')).resolves.toMatchObject([
      { digest: two.digest },
    ]);
  });

  test('deletes by digest', async () => {
    const image = await pushImage(repository, randomBytes(10));
    await repository.delete(image.digest);
    await expect(repository.exists(image)).resolves.toBe(false);
    await expect(repository.delete(image.digest)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  test('needs no login', async () => {
    await expect(open(server.host).checkLogin()).resolves.toBe(false);
  });

  test('reports every byte once', async () => {
    const layer = randomBytes(500_000);
    let sent = 0;
    await repository.push(blobOf(layer), () => pieces(layer), { sent: (bytes) => (sent += bytes) });
    expect(sent).toBe(layer.length);
  });
});

test('Repository of a registry that answers uploads with a path', async () => {
  const server = await startRegistry({ relativeLocations: true });
  try {
    const repository = open(server.host).repository('a');
    const layer = randomBytes(100);
    await pushImage(repository, layer);
    await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(100);
  } finally {
    await server.stop();
  }
});

test('Repository of a registry that lets nothing be deleted', async () => {
  const server = await startRegistry({ deletable: false });
  try {
    const repository = open(server.host).repository('a');
    const image = await pushImage(repository, randomBytes(10));
    await expect(repository.delete(image.digest)).rejects.toThrow(
      'the registry lets nothing be deleted (405',
    );
  } finally {
    await server.stop();
  }
});

describe('Registry on this machine', () => {
  test('is spoken to over https where it does not speak http', async () => {
    const server = await startRegistry({ tls: true });
    try {
      const repository = open(server.host, {}, { caFile: server.caFile ?? '' }).repository('a');
      const layer = randomBytes(100);
      await pushImage(repository, layer);
      await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(100);
      await expect(open(server.host).repository('a').tags()).rejects.toMatchObject({
        code: 'NETWORK_FAILED',
        step: 'TLS',
        hint: expect.stringContaining('--ca-file'),
      });
    } finally {
      await server.stop();
    }
  });

  test('is said to be away where nothing listens', async () => {
    await expect(open('localhost:1').repository('a').tags()).rejects.toMatchObject({ step: 'connect' });
  });
});

test('Registry elsewhere is not spoken to over http unless that is asked for', () => {
  expect(() => open('registry.example', { scheme: 'http' })).toThrow('over http anybody can read along');
  expect(() => open('registry.example', { scheme: 'http', plainHttp: true })).not.toThrow();
});

describe('Registry with passwords', () => {
  let server: TestRegistry;
  beforeAll(async () => {
    server = await startRegistry({ auth: 'htpasswd' });
  });
  afterAll(() => server.stop());

  test('lets in who knows one', async () => {
    const registry = open(server.host, { inline: server.credentials });
    await expect(registry.checkLogin()).resolves.toBe(true);
    await pushImage(registry.repository('a'), randomBytes(10));
  });

  test('refuses others, and says what to do', async () => {
    await expect(open(server.host).repository('a').tags()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      hint: expect.stringContaining(`ecli login ${server.host}`),
    });
    const inline = { username: 'alice', password: 'wrong' };
    await expect(open(server.host, { inline }).checkLogin()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('the user name or password is wrong'),
    });
  });
});

describe('Registry with a token service', () => {
  let server: TestRegistry;
  beforeAll(async () => {
    server = await startRegistry({ auth: 'token' });
  });
  afterAll(() => server.stop());

  test('lets in who knows a password', async () => {
    const registry = open(server.host, { inline: server.credentials });
    await expect(registry.checkLogin()).resolves.toBe(true);
    const repository = registry.repository('a');
    const layer = randomBytes(10);
    await pushImage(repository, layer);
    await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(10);
    await repository.delete((await pushImage(repository, randomBytes(11))).digest);
  });

  test('refuses who knows a wrong one', async () => {
    const inline = { username: 'alice', password: 'wrong' };
    await expect(open(server.host, { inline }).checkLogin()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });
});
