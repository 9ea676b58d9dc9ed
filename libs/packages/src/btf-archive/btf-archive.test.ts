import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeTar } from '../tar-writer.ts';
import { type BtfArchive, chooseBtf } from './btf-archive.ts';
import { type KernelIdentity, parseOsRelease, runningKernel } from './kernel-identity.ts';
import { archiveInFolder, archiveInTar } from './open-archive.ts';

const KERNEL: KernelIdentity = {
  id: 'ubuntu',
  versionId: '20.04',
  architecture: 'x86_64',
  release: '5.4.0-42-generic',
};
const BTF = Buffer.alloc(24);
BTF.writeUInt16LE(0xeb9f);
const PATH = 'ubuntu/20.04/x86_64/5.4.0-42-generic.btf';

function tarWith(...paths: string[]): BtfArchive {
  return archiveInTar(writeTar(paths.map((path) => ({ path, content: BTF }))), 'x.tar');
}

function failureOf(archive: BtfArchive, kernel = KERNEL): unknown {
  try {
    return chooseBtf(archive, kernel);
  } catch (error) {
    return error;
  }
}

describe('chooseBtf', () => {
  test.each([PATH, `btfhub-archive/${PATH}`, `./${PATH}`, `../../${PATH}`])('finds %s', (path) => {
    const { name, content } = chooseBtf(tarWith('package.json', path), KERNEL);
    expect(name).toBe(`x.tar: ${path.replace(/^\.\//, '')}`);
    expect(Buffer.from(content)).toEqual(BTF);
  });

  test('takes neither another system nor what its name only ends in', () => {
    for (const path of [`x${PATH}`, PATH.replace('ubuntu', 'debian'), PATH.replace('x86_64', 'arm64')]) {
      expect(failureOf(tarWith(path))).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    }
  });

  test('names what it looked for, and what is there, nearest first', () => {
    const near = Array.from(
      { length: 12 },
      (_, index) => `ubuntu/20.04/x86_64/5.4.0-${10 + index}-generic.btf`,
    );
    const far = ['fedora/34/x86_64/5.4.0-42-generic.btf', 'ubuntu/18.04/x86_64/4.15.0-20-generic.btf'];
    expect(failureOf(tarWith('package.json', ...far, ...near))).toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `x.tar: no BTF of this kernel, which would be ${PATH}`,
      hint: [
        'it has, nearest first:',
        ...near.map((path) => `  ${path}`),
        '  and 2 more',
        "name this kernel's BTF itself: --btf FILE",
      ].join('\n'),
    });
    expect(failureOf(tarWith(...far))).toMatchObject({
      hint: expect.stringContaining(`  ${far[1]}\n  ${far[0]}\n`),
    });
    expect(failureOf(tarWith('package.json'))).toMatchObject({
      hint: expect.stringContaining('it has no BTF of any kernel'),
    });
  });

  test('says that a file is compressed', () => {
    expect(failureOf(tarWith(`${PATH}.tar.xz`))).toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `x.tar: ${PATH}.tar.xz: compressed, as BTFHub ships it`,
    });
  });

  test.each([
    ['text', Buffer.from('this is no BTF, but long enough to be'), 'not BTF: it does not begin with 0xeb9f'],
    ['nothing', Buffer.alloc(0), 'not BTF: it does not begin with 0xeb9f'],
    ['BTF of another machine', Buffer.from(BTF).swap16(), 'BTF of the other byte order'],
  ])('refuses %s', (_what, content, problem) => {
    expect(failureOf(archiveInTar(writeTar([{ path: PATH, content }]), 'x.tar'))).toMatchObject({
      code: 'OBJECT_INVALID',
      message: `x.tar: ${PATH}: ${problem}`,
    });
  });

  test('does not guess what os-release does not say', () => {
    expect(failureOf(tarWith(PATH), { ...KERNEL, versionId: undefined })).toMatchObject({
      message: "x.tar: /etc/os-release has no VERSION_ID to find this kernel's BTF by",
    });
  });

  test('finds it in a folder, which may be all of BTFHub', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
    try {
      for (const path of [`archive/${PATH}`, `.git/${PATH}`, `a/b/c/d/e/f/${PATH}`, 'readme']) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), BTF);
      }
      const archive = archiveInFolder(folder);
      expect(archive.files().map(({ path }) => path)).toEqual([`archive/${PATH}`, 'readme']);
      expect(chooseBtf(archive, KERNEL).name).toBe(`${folder}: archive/${PATH}`);
      expect(() => archiveInFolder(join(folder, 'no')).files()).toThrow("no: can't be read (ENOENT)");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the kernel', () => {
  test('is known by os-release', () => {
    const text = 'NAME="A \\"B\\""\nID=ubuntu\nVERSION_ID="20.04"\nID_LIKE=\'debian x\'\n#ID=x\nEMPTY=""\n';
    expect(Object.fromEntries(parseOsRelease(text))).toEqual({
      NAME: 'A "B"',
      ID: 'ubuntu',
      VERSION_ID: '20.04',
      ID_LIKE: 'debian x',
    });
    expect(runningKernel(['/nonexistent'])).toEqual({
      id: undefined,
      versionId: undefined,
      architecture: expect.stringMatching(/^(x86_64|arm64|.+)$/),
      release: expect.stringMatching(/^\d+\.\d+/),
    });
  });
});
