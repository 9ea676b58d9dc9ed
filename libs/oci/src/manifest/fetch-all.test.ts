import { describe, expect, test } from '@jest/globals';
import type { Descriptor } from '../types.ts';
import { digestLike } from './content-verifier.ts';
import { fetchAll } from './fetch-all.ts';

const content = Buffer.from('a program');
const LIKE_256 = `sha256:${'0'.repeat(64)}`;
const LIKE_512 = `sha512:${'0'.repeat(128)}`;

function describeContent(like: string): Descriptor {
  return { mediaType: 'x', digest: digestLike(content, like), size: content.length };
}

/** A place that hands out `pieces`, whatever it is asked for, and counts how often. */
function placeOf(...pieces: readonly Uint8Array[]) {
  const place = {
    asked: 0,
    async *pieces() {
      yield* pieces;
    },
    fetch() {
      place.asked += 1;
      return Promise.resolve(place.pieces());
    },
  };
  return place;
}

describe('fetchAll', () => {
  test.each([LIKE_256, LIKE_512])('reads content whole and checks it: %.6s', async (like) => {
    const place = placeOf(content.subarray(0, 4), content.subarray(4, 4), content.subarray(4));
    let received = 0;
    const bytes = await fetchAll(place, describeContent(like), { received: (count) => (received += count) });
    expect(Buffer.from(bytes).equals(content)).toBe(true);
    expect(received).toBe(content.length);
  });

  test.each([
    ['too little', [content.subarray(1)], '8 bytes came, 9 were promised'],
    ['nothing', [], '0 bytes came, 9 were promised'],
    ['too much', [content, content], 'more than the 9 bytes promised'],
    ['something else', [Buffer.from('A program')], 'the content has digest sha256:'],
  ])('refuses %s', async (_what, pieces, message) => {
    await expect(fetchAll(placeOf(...pieces), describeContent(LIKE_256))).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(message),
    });
  });

  test('asks for nothing that is too large', async () => {
    const place = placeOf(content);
    const asking = fetchAll(place, describeContent(LIKE_256), { limitBytes: 8 });
    await expect(asking).rejects.toMatchObject({ code: 'ARTIFACT_TOO_LARGE' });
    expect(place.asked).toBe(0);
  });

  test('refuses digests of algorithms that are not known', async () => {
    await expect(
      fetchAll(placeOf(content), { mediaType: 'x', digest: 'md5:00', size: 9 }),
    ).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
  });
});
