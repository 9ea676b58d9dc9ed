import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EcliError } from '@ecli/core';
import { copyImage, cosignTag, type Descriptor, ImageLayout, OciMediaType } from '@ecli/oci';
import {
  type Clause,
  joinRequirements,
  type Requirement,
  requireKeys,
  SignatureLimit,
  type SignatureLayout,
  signImage,
  type Verification,
  verifyImage,
} from '../src/index.ts';
import { KEY_KINDS, makeKey, signerOf, type TestKey } from './keys.ts';
import { MemoryTarget } from './memory-target.ts';

const folder = mkdtempSync(join(tmpdir(), 'ecli-trust-'));
const REPOSITORY = 'ghcr.io/org/tool';
const ours = makeKey();
const theirs = makeKey();
const files = { ours: fileOf('ours', ours), theirs: fileOf('theirs', theirs) };
const LAYOUTS: readonly SignatureLayout[] = ['tag', 'bundle'];

let target: MemoryTarget;
let image: Descriptor;

beforeEach(() => {
  target = new MemoryTarget();
  image = target.addImage();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, key: TestKey): string {
  const path = join(folder, `${name}.pub`);
  writeFileSync(path, key.publicPem);
  return path;
}

async function sign(
  key: TestKey,
  layouts: readonly SignatureLayout[] = LAYOUTS,
  signed = image,
  annotations: Record<string, string> = {},
): ReturnType<typeof signImage> {
  return signImage(signed, await signerOf(key), { target, repository: REPOSITORY, layouts, annotations });
}

function verify(requirement: Requirement, all = false): Promise<Verification> {
  return verifyImage(image, requirement, { target, name: `${REPOSITORY}:v1`, all });
}

function byKeys(...paths: string[]): Requirement {
  return requireKeys('--verify-key', paths);
}

async function refusalOf(requirement: Requirement): Promise<EcliError> {
  const error: unknown = await verify(requirement).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'TRUST_REFUSED' });
  return error as EcliError;
}

/** The one layer of the manifest that holds a signature, replaced by another. */
function replaceLayer(
  holder: Descriptor,
  change: (bytes: Buffer, layer: Descriptor) => object | Buffer,
): void {
  const manifest = target.manifest(holder);
  const [layer] = manifest.layers;
  if (!layer) throw new Error('no layer');
  const changed = change(Buffer.from(target.bytesOf(layer.digest)), layer);
  const next = Buffer.isBuffer(changed) ? { ...layer, ...target.add(layer.mediaType, changed) } : changed;
  const replaced = target.add(OciMediaType.manifest, { ...manifest, layers: [next] });
  target.contents.delete(holder.digest);
  for (const [tag, descriptor] of target.tags) {
    if (descriptor.digest === holder.digest) target.tags.set(tag, replaced);
  }
}

describe.each(LAYOUTS)('a signature in the layout of a %s', (layout) => {
  test.each(KEY_KINDS)('by a key of kind %s counts', async (kind) => {
    const key = makeKey(kind);
    const path = fileOf(`key-${kind}`, key);
    const [made] = await sign(key, [layout]);
    expect(await verify(byKeys(path))).toMatchObject({
      digest: image.digest,
      signatures: [{ layout, holder: { digest: made?.holder.digest }, signer: { kind: 'key', name: path } }],
    });
  });

  test('by another key does not count', async () => {
    await sign(theirs, [layout]);
    const { message, hint } = await refusalOf(byKeys(files.ours));
    expect(message).toBe(`${REPOSITORY}:v1: refused by --verify-key: no signature of it counts (1 found)`);
    expect(hint).toContain('by another key, or altered since');
    expect(hint).toContain(`it must be signed by the key ${files.ours}`);
    expect(hint).toContain(`ecli image sign --key KEY ${REPOSITORY}@${image.digest}`);
  });

  test('of another image does not count, however good it is', async () => {
    const other = target.addImage('another program');
    const [made] = await sign(ours, [layout], other);
    if (!made) throw new Error('not signed');
    if (layout === 'tag') target.tags.set(cosignTag(image.digest, 'sig'), made.holder);
    else target.add(OciMediaType.manifest, { ...target.manifest(made.holder), subject: image });
    const { hint } = await refusalOf(byKeys(files.ours));
    expect(hint).toContain(`of another image, ${other.digest} (it is a good one by the key ${files.ours})`);
  });

  test('does not count with any byte of what is signed changed', async () => {
    const [made] = await sign(ours, [layout]);
    const before = new Map(target.contents);
    const length = target.manifest(made?.holder as Descriptor).layers[0]?.size ?? 0;
    for (let index = 0; index < length; index++) {
      replaceLayer(made?.holder as Descriptor, (bytes) => {
        bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
        return bytes;
      });
      if (await isAccepted()) expect(hintByteOnly(layout, before, index)).toBe(true);
      target.contents.clear();
      for (const [digest, content] of before) target.contents.set(digest, content);
      if (layout === 'tag') target.tags.set(cosignTag(image.digest, 'sig'), made?.holder as Descriptor);
    }
  });

  test('is made and found in a cache of many repositories', async () => {
    const images = await ImageLayout.open(join(folder, `cache-${layout}`), { create: true });
    const cache = images.repository(REPOSITORY);
    await copyImage(target, cache, image);
    await signImage(image, await signerOf(ours), {
      target: cache,
      repository: REPOSITORY,
      layouts: [layout],
    });
    const { signatures } = await verifyImage(image, byKeys(files.ours), { target: cache, name: REPOSITORY });
    expect(signatures).toMatchObject([{ layout }]);
  });

  test('stays when another is added, and is not made twice', async () => {
    await sign(theirs, [layout]);
    const first = await sign(ours, [layout]);
    const again = await sign(ours, [layout]);
    expect(first).toMatchObject([{ isNew: true }]);
    expect(again).toMatchObject([{ isNew: false, holder: first[0]?.holder }]);
    const both = { ...byKeys(files.ours, files.theirs).clauses[0], need: 'all' } as Clause;
    expect((await verify({ clauses: [both] }, true)).signatures).toHaveLength(2);
  });

  test('carries what the signer adds, as another signature', async () => {
    await sign(ours, [layout]);
    await sign(ours, [layout], image, { commit: 'abc' });
    const { signatures } = await verify(byKeys(files.ours), true);
    expect(signatures.map(({ annotations }) => annotations)).toEqual([{}, { commit: 'abc' }]);
  });
});

async function isAccepted(): Promise<boolean> {
  return verify(byKeys(files.ours)).then(
    () => true,
    () => false,
  );
}

/** The hint at a key is for people and machines that look for it; it is not signed, and nothing rests on it. */
function hintByteOnly(layout: SignatureLayout, before: MemoryTarget['contents'], index: number): boolean {
  if (layout === 'tag') return false;
  const bundle = [...before.values()].find(({ bytes }) => Buffer.from(bytes).includes('dsseEnvelope'));
  const text = Buffer.from(bundle?.bytes ?? []).toString();
  return index >= text.indexOf('"hint"') && index < text.indexOf('"dsseEnvelope"');
}

describe('what is asked for', () => {
  test('is nothing where no clause is', async () => {
    expect(await verify({ clauses: [] })).toEqual({ digest: image.digest, signatures: [] });
    expect(target.fetched).toEqual([]);
  });

  test('refuses what is not signed at all', async () => {
    const { message, hint } = await refusalOf(byKeys(files.ours, files.theirs));
    expect(message).toContain('there is no signature of it');
    expect(hint).toContain(`any of the key ${files.ours}, the key ${files.theirs}`);
  });

  test('is met by one of several keys, or by all where all are asked for', async () => {
    await sign(ours);
    await verify(byKeys(files.theirs, files.ours));
    const all = { ...byKeys(files.ours, files.theirs).clauses[0], need: 'all' } as Clause;
    expect((await refusalOf({ clauses: [all] })).hint).toContain('it must be signed by all of');
  });

  test('is what every clause asks for, and no clause takes back another', async () => {
    await sign(ours);
    const both = joinRequirements(byKeys(files.ours), byKeys(files.theirs));
    await refusalOf(both);
    await sign(theirs);
    expect((await verify(both)).signatures).toHaveLength(2);
  });

  test('may be that nothing is taken, and then nothing is fetched', async () => {
    await sign(ours);
    target.fetched.length = 0;
    const reject: Requirement = { clauses: [{ type: 'reject', origin: 'the default in policy.json' }] };
    const { message } = await refusalOf(joinRequirements(byKeys(files.ours), reject));
    expect(message).toBe(`${REPOSITORY}:v1: refused by the default in policy.json: it rejects all`);
    expect(target.fetched).toEqual([]);
  });

  test('is no more than needed: after a good signature nothing more is fetched', async () => {
    await sign(ours);
    target.fetched.length = 0;
    await verify(byKeys(files.ours));
    expect(target.fetched).toHaveLength(2);
  });

  test('cannot be checked by a key that cannot be read', async () => {
    await sign(ours);
    await expect(verify(byKeys(join(folder, 'gone.pub')))).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

describe('a hostile registry', () => {
  test('that serves thousands of signatures is asked for some', async () => {
    const payload = target.add('application/vnd.dev.cosign.simplesigning.v1+json', Buffer.from('{}'));
    const layers = Array.from({ length: 5000 }, () => payload);
    const config = target.add(OciMediaType.imageConfig, {});
    const holder = target.add(OciMediaType.manifest, { schemaVersion: 2, config, layers });
    target.tags.set(cosignTag(image.digest, 'sig'), holder);
    for (let index = 0; index < 300; index++) {
      target.add(OciMediaType.manifest, {
        schemaVersion: 2,
        config,
        layers: [],
        subject: image,
        annotations: { index: `${index}` },
      });
    }
    const { message, hint } = await refusalOf(byKeys(files.ours));
    expect(message).toContain('no signature of it counts');
    expect(hint).toContain('more');
    expect(target.fetched.length).toBeLessThanOrEqual(SignatureLimit.count + 2);
  });

  test.each(LAYOUTS)('that serves a huge %s is not asked for it', async (layout) => {
    const [made] = await sign(ours, [layout]);
    replaceLayer(made?.holder as Descriptor, (_, layer) => ({ ...layer, size: 1e9 }));
    expect((await refusalOf(byKeys(files.ours))).hint).toContain('1000000000 bytes, where');
  });

  test.each(LAYOUTS)('that serves other bytes than the %s names is found out', async (layout) => {
    const [made] = await sign(ours, [layout]);
    const [layer] = target.manifest(made?.holder as Descriptor).layers;
    target.contents.set(layer?.digest ?? '', { descriptor: layer as Descriptor, bytes: Buffer.from('{}') });
    expect((await refusalOf(byKeys(files.ours))).hint).toContain(`${layer?.digest}: 2 bytes came`);
  });

  test('cannot make a name count twice', async () => {
    const [made] = await sign(ours, ['tag']);
    const other = `sha256:${'0'.repeat(64)}`;
    replaceLayer(made?.holder as Descriptor, (bytes) =>
      Buffer.from(
        bytes.toString().replace('"docker-manifest-digest"', `"docker-manifest-digest":"${other}",$&`),
      ),
    );
    expect((await refusalOf(byKeys(files.ours))).hint).toContain(
      '"docker-manifest-digest" stands there twice',
    );
  });

  test('that fails is not one without signatures', async () => {
    const failure = new EcliError('REMOTE_FAILED', 'the registry is away');
    target.referrers = () => Promise.reject(failure);
    await expect(verify(byKeys(files.ours))).rejects.toBe(failure);
    target.resolve = () => Promise.reject(failure);
    await expect(verify(byKeys(files.ours))).rejects.toBe(failure);
  });

  test('that serves anything at all gets a refusal', async () => {
    const anything = fc.oneof(
      fc.json().map((json) => Buffer.from(json)),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({ critical: fc.anything(), optional: fc.anything() })
        .map((value) => Buffer.from(stringify(value))),
      fc
        .record({
          mediaType: fc.constant('application/vnd.dev.sigstore.bundle.v0.3+json'),
          verificationMaterial: fc.anything(),
          dsseEnvelope: fc.anything(),
        })
        .map((value) => Buffer.from(stringify(value))),
    );
    const mediaTypes = fc.constantFrom(
      'application/vnd.dev.cosign.simplesigning.v1+json',
      'application/vnd.dev.sigstore.bundle.v0.3+json',
    );
    const annotations = fc.dictionary(
      fc.constantFrom(
        'dev.cosignproject.cosign/signature',
        'dev.sigstore.cosign/certificate',
        'dev.sigstore.cosign/bundle',
      ),
      fc.oneof(fc.base64String(), fc.string(), fc.json()),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anything, mediaTypes, annotations)),
        anything,
        async (layers, manifest) => {
          target = new MemoryTarget();
          image = target.addImage();
          const holder = target.add(OciMediaType.manifest, {
            schemaVersion: 2,
            config: target.add(OciMediaType.empty, {}),
            layers: layers.map(([bytes, mediaType, texts]) => ({
              ...target.add(mediaType, bytes),
              annotations: texts,
            })),
            subject: image,
          });
          target.tags.set(cosignTag(image.digest, 'sig'), holder);
          await refusalOf(byKeys(files.ours));
          const raw = { mediaType: OciMediaType.manifest, digest: '', size: 0 };
          target.tags.set(cosignTag(image.digest, 'sig'), {
            ...raw,
            ...target.add('application/x', manifest),
            mediaType: OciMediaType.manifest,
          });
          await refusalOf(byKeys(files.ours));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function stringify(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
}

test('attestations of how an image was made are no signatures', async () => {
  const [made] = await sign(ours, ['bundle']);
  replaceLayer(made?.holder as Descriptor, (bytes) => {
    const bundle = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
    const statement = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const other = statement.replace('https://sigstore.dev/cosign/sign/v1', 'https://slsa.dev/provenance/v1');
    bundle.dsseEnvelope.payload = Buffer.from(other).toString('base64');
    return Buffer.from(JSON.stringify(bundle));
  });
  expect((await refusalOf(byKeys(files.ours))).message).toContain('there is no signature of it');
});

test('what stands under the tag of signatures and is none of theirs is not written over', async () => {
  const index = target.add(OciMediaType.index, { schemaVersion: 2, manifests: [] });
  target.tags.set(cosignTag(image.digest, 'sig'), index);
  await expect(sign(ours, ['tag'])).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  expect(target.tags.get(cosignTag(image.digest, 'sig'))).toEqual(index);
});
