import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { spellReference, tagOrDigestOf } from './image-reference.ts';
import { isReference, parseReference, parseRegistryHost } from './parse-reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;

describe('parseReference reads', () => {
  test.each([
    ['sigsnoop', 'docker.io', 'library/sigsnoop', undefined],
    ['sigsnoop:v1', 'docker.io', 'library/sigsnoop', 'v1'],
    ['org/tool', 'docker.io', 'org/tool', undefined],
    ['docker.io/tool', 'docker.io', 'library/tool', undefined],
    ['index.docker.io/org/tool:v1', 'docker.io', 'org/tool', 'v1'],
    ['registry-1.docker.io/tool', 'docker.io', 'library/tool', undefined],
    ['ghcr.io/eunomia-bpf/sigsnoop:latest', 'ghcr.io', 'eunomia-bpf/sigsnoop', 'latest'],
    ['ghcr.io/tool', 'ghcr.io', 'tool', undefined],
    ['GHCR.io/tool', 'ghcr.io', 'tool', undefined],
    ['Host/tool', 'host:443', 'tool', undefined],
    ['localhost/x', 'localhost', 'x', undefined],
    ['localhost:5000/x', 'localhost:5000', 'x', undefined],
    ['localhost:5000/a/b:v1', 'localhost:5000', 'a/b', 'v1'],
    ['host:443/x', 'host:443', 'x', undefined],
    ['127.0.0.1:5000/x', '127.0.0.1:5000', 'x', undefined],
    ['localhost:05000/x', 'localhost:5000', 'x', undefined],
    ['ghcr.io:0443/x', 'ghcr.io:443', 'x', undefined],
    ['docker.io:443/tool', 'docker.io', 'library/tool', undefined],
    ['registry-1.docker.io:00443/org/tool', 'docker.io', 'org/tool', undefined],
    ['127.1:5000/x', '127.0.0.1:5000', 'x', undefined],
    ['[0:0:0:0:0:0:0:1]:5000/x', '[::1]:5000', 'x', undefined],
    ['[::1]:5000/x', '[::1]:5000', 'x', undefined],
    ['[::1]/x:y', '[::1]', 'x', 'y'],
    ['[fe80::1:2]:80/x', '[fe80::1:2]:80', 'x', undefined],
    ['oci://ghcr.io/a/b:c', 'ghcr.io', 'a/b', 'c'],
    ['OCI://host/x', 'host:443', 'x', undefined],
    ['docker://host.example/x', 'host.example', 'x', undefined],
    ['ghcr.io/a.b/c_d/e__f/g--h', 'ghcr.io', 'a.b/c_d/e__f/g--h', undefined],
    ['x:_', 'docker.io', 'library/x', '_'],
    [`x:${'t'.repeat(128)}`, 'docker.io', 'library/x', 't'.repeat(128)],
  ])('%s', (text, registry, repository, tag) => {
    const reference = parseReference(text);
    expect(reference).toEqual({ registry, repository, ...(tag !== undefined && { tag }) });
    expect(parseReference(spellReference(reference))).toEqual({ ...reference, tag: tag ?? 'latest' });
    expect(tagOrDigestOf(reference)).toBe(tag ?? 'latest');
  });

  test.each([SHA256, SHA512])('the digest %s, which counts instead of a tag', (digest) => {
    const both = parseReference(`ghcr.io/a/b:v1@${digest}`);
    expect(both).toEqual({ registry: 'ghcr.io', repository: 'a/b', tag: 'v1', digest });
    expect(tagOrDigestOf(both)).toBe(digest);
    expect(spellReference(both)).toBe(`ghcr.io/a/b:v1@${digest}`);
    expect(spellReference(parseReference(`a@${digest}`))).toBe(`docker.io/library/a@${digest}`);
  });

  test.each([
    ['https://user:token@ghcr.io/a/b:v1', 'https', 'user', 'token'],
    ['http://user:to%40k%2Fen@ghcr.io/a/b:v1', 'http', 'user', 'to@k/en'],
    ['https://user:t@ken@ghcr.io/a/b:v1', 'https', 'user', 't@ken'],
    ['https://user:a:b@ghcr.io/a/b:v1', 'https', 'user', 'a:b'],
    ['oci://user:@ghcr.io/a/b:v1', undefined, 'user', ''],
  ])('the credentials of %s, and spells none', (text, scheme, username, password) => {
    const reference = parseReference(text);
    expect(reference.credentials).toEqual({ username, password });
    expect(reference.scheme).toBe(scheme);
    expect(spellReference(reference)).toBe('ghcr.io/a/b:v1');
  });
});

describe('parseReference refuses', () => {
  test.each([
    ['', 'an empty reference: no repository', undefined],
    ['ghcr.io/Org/Tool:V1', 'upper case in the repository', 'did you mean ghcr.io/org/tool:V1?'],
    ['Tool', 'upper case in the repository', 'did you mean tool?'],
    ['ghcr.io/a//b', 'an empty part between slashes', 'did you mean ghcr.io/a/b?'],
    ['ghcr.io/a/', 'an empty part between slashes', 'did you mean ghcr.io/a?'],
    ['ghcr.io/', 'no repository', undefined],
    ['/a', 'an empty part between slashes', 'did you mean a?'],
    ['../a', '.. is not a host', undefined],
    ['ghcr.io/a b', "a b can't be in a repository", 'there is a space in it'],
    ['ghcr.io/-a', "-a can't be in a repository", /at both ends/],
    ['ghcr.io/a..b', "a..b can't be in a repository", /one dot/],
    ['a:', 'nothing after the colon', /:latest/],
    ['a:b:c', 'b:c is not a tag', /tags have/],
    ['a:-b', '-b is not a tag', /begin with/],
    [`a:${'t'.repeat(129)}`, 'a tag of 129 characters, where 128 may be', undefined],
    [`a/${'b'.repeat(254)}`, 'a repository of 256 characters, where 255 may be', undefined],
    [`a:${SHA256}`, 'a digest after a colon', `did you mean a@${SHA256}?`],
    [`a@${SHA256.slice(0, -1)}`, 'a sha256 digest of 63 digits, where 64 must be', undefined],
    [`a@sha256:${HEX.toUpperCase()}`, 'upper case in the digest', `did you mean a@${SHA256}?`],
    ['a@md5:00', 'md5:00 is not a digest', /sha512/],
    ['a@constructor:00', 'constructor:00 is not a digest', /sha512/],
    ['a@', 'nothing is not a digest', /sha256/],
    [`a@sha256:${'x'.repeat(64)}`, 'is not a digest', 'there is a x in it'],
    ['localhost:x/y', 'x is not a port', /65535/],
    ['localhost:65536/y', '65536 is not a port', /65535/],
    ['localhost:/y', 'nothing is not a port', /65535/],
    ['[::1:::2]/y', '[::1:::2] is not a host', undefined],
    ['a_b.c/y', 'a_b.c is not a host', 'there is a _ in it'],
    ['localhost:5000', 'a registry without a repository', /HOST\/REPOSITORY/],
    ['oci://ghcr.io', 'a registry without a repository', /HOST\/REPOSITORY/],
    ['ghcr.io/a?b=c', "a?b=c can't be in a repository", 'there is a ? in it'],
    ['a\n:b', 'a\\n:b: a\\n', undefined],
  ])('%j', (text, message, hint) => {
    expect(isReference(text)).toBe(false);
    const error = failureOf(text);
    expect(error.code).toBe('REFERENCE_UNSUPPORTED');
    expect(error.message).toContain(message);
    if (typeof hint === 'string') expect(error.hint).toBe(hint);
    if (hint instanceof RegExp) expect(error.hint).toMatch(hint);
  });

  test('what is far too long at once', () => {
    const before = performance.now();
    expect(failureOf('@'.repeat(200_000)).message).toMatch(/: too long for a reference$/);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test.each([
    'https://user:s3cret@ghcr.io/Org/tool',
    'https://user:s3cret@ghcr.io/',
    'https://user:s3cret@',
    'https://user:s3cret/more@ghcr.io/x',
    'https://user:s3cret@gh cr.io/x',
    'https://user:s3cret%@ghcr.io/x',
    'https://:s3cret@ghcr.io/x',
    'https://user:s3cret@ghcr.io/x@y',
    'user:s3cret@ghcr.io/x',
    'https://user:s3cret@ghcr.io/x:bad:tag',
    `https://user:s3cret@ghcr.io/x@sha256:${'0'.repeat(63)}`,
    'https://s3cret@ghcr.io/x',
    'oci://user:s3c\nret@ghcr.io/Org/x',
    `https://user:s3cret@${'x'.repeat(5000)}`,
  ])('%j without telling the credentials', (text) => {
    const { message, hint, cause } = failureOf(text);
    expect(`${message} ${hint} ${String(cause)}`).not.toMatch(/s3c|ret@/);
  });
});

test('parseReference gives a reference or REFERENCE_UNSUPPORTED, soon, whatever it is given', () => {
  const pieces = fc.constantFrom(
    'a',
    'A',
    '.',
    '_',
    '-',
    '/',
    ':',
    '@',
    '[',
    ']',
    '%',
    ' ',
    'sha256',
    SHA256,
    '://',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      if (!isReference(candidate)) return expect(failureOf(candidate).code).toBe('REFERENCE_UNSUPPORTED');
      const { credentials: _, scheme: __, ...reference } = parseReference(candidate);
      const again = parseReference(spellReference(reference));
      expect(again).toEqual(reference.digest === undefined ? { tag: 'latest', ...reference } : reference);
    }),
    { numRuns: 2000 },
  );
  const started = performance.now();
  for (const unit of ['a', 'a-', '_', 'a/', '[::', ':']) isReference(unit.repeat(4096 / unit.length) + '!');
  expect(performance.now() - started).toBeLessThan(200);
});

describe('parseRegistryHost', () => {
  test.each([
    ['ghcr.io', 'ghcr.io'],
    ['https://ghcr.io/', 'ghcr.io'],
    ['localhost:5000', 'localhost:5000'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['registry', 'registry:443'],
    ['http://registry', 'registry:80'],
  ])('reads %s', (text, registry) => {
    expect(parseRegistryHost(text).registry).toBe(registry);
  });

  test.each(['', 'ghcr.io/org', 'a b', 'https://user:s3cret@ghcr.io'])('refuses %j', (text) => {
    expect(() => parseRegistryHost(text)).toThrow(EcliError);
    expect(() => parseRegistryHost(text)).not.toThrow(/s3cret/);
  });
});

function failureOf(text: string): EcliError {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}
