import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateKey, signImage } from '@ecli/trust';
import { content, textOf, told, Workbench } from './workbench.ts';

const bench = new Workbench();
const keys = mkdtempSync(join(tmpdir(), 'ecli-test-keys-'));
afterAll(() => rmSync(keys, { recursive: true, force: true }));

interface TestKey {
  readonly publicPath: string;
  readonly privatePem: string;
}

function makeKey(name: string): TestKey {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const publicPath = join(keys, `${name}.pub`);
  writeFileSync(publicPath, pair.publicKey);
  return { publicPath, privatePem: pair.privateKey };
}

const ours = makeKey('ours');
const theirs = makeKey('theirs');

async function sign(
  name: string,
  image: Parameters<typeof signImage>[0],
  layout: 'tag' | 'bundle',
): Promise<void> {
  const key = await PrivateKey.parse(ours.privatePem, 'ours.key', () =>
    Promise.reject(new Error('not encrypted')),
  );
  const target = bench.repository(name);
  await signImage(image, key, { target, repository: bench.reference(name), layouts: [layout] });
}

describe('a signature', () => {
  const verifyKeys = [ours.publicPath];

  test.each(['tag', 'bundle'] as const)(
    'in the layout %s is demanded, found, and kept for later',
    async (layout) => {
      const name = `signed/${layout}`;
      const image = await bench.pushProgram(name, 'v1');
      const reference = bench.reference(`${name}:v1`);
      await expect(bench.source().fetch(reference, told({ verifyKeys }).context)).rejects.toMatchObject({
        code: 'TRUST_REFUSED',
        message: expect.stringContaining(`${reference}: refused by --verify-key`),
      });

      await sign(name, image, layout);
      expect(textOf(await bench.source().fetch(reference, told({ verifyKeys }).context))).toBe(
        content.toString(),
      );
      await expect(
        bench.source().fetch(reference, told({ verifyKeys: [theirs.publicPath] }).context),
      ).rejects.toMatchObject({ code: 'TRUST_REFUSED' });

      const asked = bench.listen();
      const offline = told({ verifyKeys, pull: 'never' });
      expect(textOf(await bench.source().fetch(reference, offline.context))).toBe(content.toString());
      expect(asked()).toEqual([]);
    },
  );

  test('that comes with more than signatures counts, and is not kept', async () => {
    const name = 'signed/stuffed';
    const image = await bench.pushProgram(name, 'v1');
    await sign(name, image, 'tag');
    const tag = `${image.digest.replace(':', '-')}.sig`;
    const signature = await bench.repository(name).manifest(tag);
    const document = JSON.parse(Buffer.from(signature.bytes).toString()) as { layers: object[] };
    const stuffing = await bench.put(name, new Uint8Array(17 * 1024 * 1024), 'application/octet-stream');
    document.layers.push(stuffing);
    await bench.putDocument(name, tag, document, signature.descriptor.mediaType);

    const { context } = told({ verifyKeys });
    const reference = bench.reference(`${name}:v1`);
    expect(textOf(await bench.source().fetch(reference, context))).toBe(content.toString());
    const cache = join(bench.home, 'cache', 'ecli', 'oci', 'blobs');
    expect(existsSync(join(cache, image.digest.replace(':', '/')))).toBe(true);
    expect(existsSync(join(cache, stuffing.digest.replace(':', '/')))).toBe(false);
  });

  test('of what a tag named before is none of what it names now', async () => {
    const reference = bench.reference('signed/moved:v1');
    await sign('signed/moved', await bench.pushProgram('signed/moved', 'v1'), 'tag');
    await bench.source().fetch(reference, told({ verifyKeys }).context);
    await bench.pushProgram('signed/moved', 'v1', Buffer.from('{"swapped":1}'));
    await expect(bench.source().fetch(reference, told({ verifyKeys }).context)).rejects.toMatchObject({
      code: 'TRUST_REFUSED',
    });
  });
});

describe('a policy', () => {
  const write = (policy: object) => writeFile(join(bench.home, 'policy.json'), JSON.stringify(policy));
  let reference: string;

  beforeAll(async () => {
    await bench.pushProgram('policy/program', 'v1');
    reference = bench.reference('policy/program:v1');
  });

  test('that rejects is obeyed before anything is asked for, and of what is in the cache too', async () => {
    await bench.source().fetch(reference, told().context);
    await write({ default: { type: 'reject' } });
    const asked = bench.listen();
    await expect(bench.source().fetch(reference, told().context)).rejects.toMatchObject({
      code: 'TRUST_REFUSED',
      message: expect.stringContaining('policy.json'),
    });
    expect(asked()).toEqual([]);
  });

  test('that can not be understood lets nothing run', async () => {
    await writeFile(join(bench.home, 'policy.json'), '{');
    await expect(bench.source().fetch(reference, told().context)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

describe('credentials', () => {
  test('that stand in a reference are shown nowhere', async () => {
    const { context, warnings } = told();
    const said: string[] = [];
    const diagnose = (line: string): void => void said.push(line);
    await bench.pushProgram('secret/program', 'v1');
    const reference = `oci://me:hunter2@${bench.reference('secret/program:v1')}`;
    const { artifact } = await bench.source().pull(reference, { ...context, diagnose });
    const missing = await bench
      .source()
      .fetch(reference.replace('v1', 'v2'), { ...context, diagnose })
      .catch((error: unknown) => error);
    const shown = [
      JSON.stringify([artifact.reference, artifact.descriptor]),
      String(missing),
      ...warnings,
      ...said,
    ];
    expect(said).not.toEqual([]);
    expect(shown.filter((text) => text.includes('hunter2'))).toEqual([]);
  });
});
