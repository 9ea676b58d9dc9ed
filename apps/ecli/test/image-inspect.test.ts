import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpClient } from '@ecli/http';
import { type Descriptor, digestLike, OciMediaType, Registry, type Repository } from '@ecli/oci';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { buildCommandLine, outcome, type Outcome, start } from './command-line.ts';

const SHA256 = `sha256:${'0'.repeat(64)}`;
const CONFIG = '{}';

let server: TestRegistry;
let home: string;
let image: Descriptor;
const http = new HttpClient({ environment: {} });

beforeAll(async () => {
  buildCommandLine();
  home = mkdtempSync(join(tmpdir(), 'ecli-test-inspect-'));
  server = await startRegistry();
  const registry = new Registry(server.host, {
    http,
    credentials: { find: () => Promise.resolve(undefined) },
  });
  const tool = registry.repository('org/tool');
  image = await pushManifest(tool, { annotations: { 'org.example.evil': 'a\x1b[2Jb' } });
  for (const tag of ['v1.10', 'v1.9']) await tool.tag(image, tag);
  const platforms = ['amd64', 'arm64'].map((architecture) => ({
    ...image,
    platform: { os: 'linux', architecture },
  }));
  const index = { schemaVersion: 2, mediaType: OciMediaType.index, manifests: platforms };
  await tool.tag(await push(tool, JSON.stringify(index), OciMediaType.index), 'many');
  await pushManifest(tool, { subject: image, artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
}, 60_000);

afterAll(async () => {
  http.close();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

async function push(repository: Repository, text: string, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(text);
  const descriptor = { mediaType, digest: digestLike(bytes, SHA256), size: bytes.length };

  await repository.push(descriptor, async function* () {
    yield bytes;
  });
  return descriptor;
}

async function pushManifest(repository: Repository, members: object): Promise<Descriptor> {
  const layer = await push(repository, 'a program', 'application/vnd.eunomia.package.v1+json');
  const config = await push(repository, CONFIG, OciMediaType.empty);
  const manifest = {
    schemaVersion: 2,
    mediaType: OciMediaType.manifest,
    artifactType: 'application/vnd.eunomia.package.v1+json',
    config,
    layers: [{ ...layer, annotations: { 'org.opencontainers.image.title': 'package.json' } }],
    ...members,
  };
  return push(repository, JSON.stringify(manifest), OciMediaType.manifest);
}

function ecli(...args: readonly string[]): Promise<Outcome> {
  const env = {
    HOME: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    DOCKER_CONFIG: home,
    REGISTRY_AUTH_FILE: '',
  };
  return outcome(start(['image', ...args], { env }));
}

describe('ecli image tags', () => {
  test('lists tags in the order of their numbers, and not those of signatures', async () => {
    const { code, stdout, stderr } = await ecli('tags', `${server.host}/org/tool`);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'many\nv1.9\nv1.10\n', stderr: '' });
    const all = await ecli('tags', '--all', '--json', `${server.host}/org/tool`);
    expect(JSON.parse(all.stdout)).toEqual({
      repository: `${server.host}/org/tool`,
      tags: ['many', image.digest.replace(':', '-'), 'v1.9', 'v1.10'],
    });
  });

  test('says what must stand there instead of an image', async () => {
    const { code, stderr } = await ecli('tags', `${server.host}/org/tool:v1.9`);
    expect(code).toBe(2);
    expect(stderr).toContain(`hint: ecli image tags ${server.host}/org/tool\n`);
  });

  test('says that there is no such repository', async () => {
    const { code, stderr } = await ecli('tags', `${server.host}/org/none`);
    expect(code).toBe(1);
    expect(stderr).toContain(`${server.host}/org/none: no such repository (404 NAME_UNKNOWN`);
  });
});

describe('ecli image inspect', () => {
  test('says what an image is made of, and that it is signed', async () => {
    const { code, stdout, stderr } = await ecli('inspect', `${server.host}/org/tool:v1.9`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Image   ${server.host}/org/tool:v1.9\nDigest  ${image.digest}\n`);
    expect(stdout).toContain('Size    9 B in 1 layer\n');
    expect(stdout).toContain('Signed  1 signature, not verified here');
    expect(stdout).toMatch(/^package\.json +application\/vnd\.eunomia\.package\.v1\+json +sha256:\w+ +9 B$/m);
    expect(stdout).toContain('org.example.evil  a\\x1b[2Jb\n');
    expect(stdout).not.toContain('Config');
  });

  test('writes all of it as JSON, and the manifest as it is', async () => {
    const reference = `${server.host}/org/tool@${image.digest}`;
    const { stdout } = await ecli('inspect', '--json', reference);
    expect(stdout).not.toContain('\x1b');
    expect(JSON.parse(stdout)).toMatchObject({
      reference,
      from: 'registry',
      digest: image.digest,
      contentSize: 9,
      layers: [{ title: 'package.json', size: 9 }],
      referrers: [{ artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }],
    });
    const raw = await ecli('inspect', '--raw', reference);
    expect(digestLike(Buffer.from(raw.stdout), SHA256)).toBe(image.digest);
  });

  test('lists what an index is of, and looks into what it has for a platform', async () => {
    const reference = `${server.host}/org/tool:many`;
    const { stdout } = await ecli('inspect', reference);
    expect(stdout).toMatch(/^linux\/amd64 +sha256:\w+ +\d+ B\nlinux\/arm64 /m);
    const one = await ecli('inspect', '--json', '--platform', 'linux/arm64', reference);
    expect(JSON.parse(one.stdout)).toMatchObject({ digest: image.digest });
    const none = await ecli('inspect', '--platform', 's390x', reference);
    expect(none.stderr).toMatch(
      /^error: .*tool:many: no image for linux\/s390x\nhint: there are images for linux\/amd64, /,
    );
  });

  test('says which tags there are', async () => {
    const { code, stderr } = await ecli('inspect', `${server.host}/org/tool:v1.8`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/hint: these tags exist: v1\.9, v1\.10, many\n/);
  });

  test('finds nothing in an empty cache', async () => {
    const { code, stderr } = await ecli('inspect', '--pull', 'never', `${server.host}/org/tool:v1.9`);
    expect(code).toBe(1);
    expect(stderr).toContain(`${server.host}/org/tool:v1.9: not in the cache`);
  });
});
