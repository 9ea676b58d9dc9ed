import { describe, expect, test } from '@jest/globals';
import { type Descriptor, type Index, OciMediaType, type Platform } from '../types.ts';
import { choosePlatform } from './choose-platform.ts';
import { ownPlatform, parsePlatform, spellPlatform } from './platform.ts';

/** An index of manifests for these platforms; each manifest's size tells which it is. */
function indexOf(...platforms: readonly (string | undefined)[]): Index {
  const manifests = platforms.map((text, size): Descriptor => {
    const platform = text === undefined ? undefined : platformOf(text);
    const digest = `sha256:${String(size).padStart(64, '0')}`;
    return { mediaType: OciMediaType.manifest, digest, size, ...(platform && { platform }) };
  });
  return { schemaVersion: 2, manifests };
}

function platformOf(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

const own = spellPlatform(ownPlatform());

describe('choosePlatform chooses', () => {
  test.each<[string | undefined, (string | undefined)[], number]>([
    [undefined, ['linux/s390x', own], 1],
    ['linux/arm64', ['linux/amd64', 'linux/arm64'], 1],
    ['arm64', ['linux/amd64', 'linux/arm64/v8'], 1],
    ['aarch64', ['linux/amd64', 'linux/arm64'], 1],
    ['linux/arm64', ['windows/arm64', 'linux/arm64'], 1],
    ['linux/arm64', ['/arm64'], 0],
    ['linux/arm64/v8', ['linux/arm64'], 0],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v6'], 1],
    ['linux/arm', ['linux/arm/v5', 'linux/arm/v7'], 1],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 1],
    ['linux/amd64', [undefined], 0],
    ['linux/amd64', ['unknown/unknown'], 0],
    ['linux/amd64', ['linux/arm64', undefined], 1],
    ['linux/amd64', [undefined, 'linux/amd64'], 1],
  ])('for %s of %j number %i', (platform, platforms, chosen) => {
    expect(choosePlatform(indexOf(...platforms), platform).size).toBe(chosen);
  });

  test('no attestation of an image', () => {
    const index = indexOf('linux/arm64', 'unknown/unknown');
    const manifests = index.manifests.map((entry, at) =>
      at === 0 ? entry : { ...entry, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    );
    expect(() => choosePlatform({ ...index, manifests }, 'linux/amd64')).toThrow('no image for linux/amd64');
  });
});

describe('choosePlatform says what there is', () => {
  test.each<[(string | undefined)[], string, string]>([
    [
      ['linux/arm64', 'linux/s390x'],
      'no image for linux/amd64',
      'there are images for linux/arm64, linux/s390x',
    ],
    [[], 'no image for linux/amd64', 'the index is empty'],
    [[undefined, undefined], '2 images, and none says', 'name one by its digest: sha256:0'],
  ])('of %j', (platforms, message, hint) => {
    expect(() => choosePlatform(indexOf(...platforms), 'linux/amd64')).toThrow(
      expect.objectContaining({
        code: 'ARTIFACT_NOT_FOUND',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});

test.each(['', 'linux/', 'linux/a/b/c', 'linux/a b', '/'])('parsePlatform refuses %j', (text) => {
  expect(() => parsePlatform(text)).toThrow('not a platform');
});

test.each(['constructor', 'toString', '__proto__'])(
  'parsePlatform takes %s for a name like others',
  (name) => {
    const architecture = name.toLowerCase();
    expect(parsePlatform(`linux/${name}`)).toEqual({ os: 'linux', architecture });
    expect(() => choosePlatform(indexOf('linux/amd64'), name)).toThrow(`no image for linux/${architecture}`);
  },
);
