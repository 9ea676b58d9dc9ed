import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lutimesSync, readdirSync, readlinkSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/layout/images.ts';
import { isHeld, isSilent, type Lock, tryLock } from './lock.ts';
import { livenessOf, ownIdentity, parseIdentity, spellIdentity } from './process-identity.ts';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'lock');
});
afterEach(() => folder.remove());

/** Takes the lock, or fails. */
function lock(): Lock {
  const taken = tryLock(path);
  if (!isHeld(taken)) throw new Error(`held by ${taken.text}`);
  return taken;
}

/** The identity of a process that has ended. */
function deadIdentity(): string {
  const { pid } = spawnSync('true');
  return spellIdentity({ ...ownIdentity(), pid, startTime: '1' });
}

function age(seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  lutimesSync(path, time, time);
}

describe('tryLock', () => {
  test('gives a lock to one at a time, and says who holds it', () => {
    const first = lock();
    expect(tryLock(path)).toMatchObject({ pid: process.pid, text: readlinkSync(path) });
    first.release();
    lock().release();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('breaks the lock of a dead process at once', () => {
    symlinkSync(`${deadIdentity()}.abc`, path);
    const taken = lock();
    expect(readlinkSync(path)).toContain(spellIdentity(ownIdentity()));
    taken.release();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('breaks it also when the one that was breaking it died', () => {
    symlinkSync(`${deadIdentity()}.abc`, path);
    symlinkSync(`${deadIdentity()}.def`, `${path}.abc`);
    lock().release();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('leaves it to whoever is breaking it now', () => {
    symlinkSync(`${deadIdentity()}.abc`, path);
    symlinkSync(`${spellIdentity(ownIdentity())}.def`, `${path}.abc`);
    expect(isHeld(tryLock(path))).toBe(false);
  });

  test.each([
    ['of another boot', { boot: 'abcdef01' }],
    ['in another pid namespace', { namespace: '42' }],
  ])('waits for a process %s until it is silent for long', (_, elsewhere) => {
    symlinkSync(`${spellIdentity({ ...ownIdentity(), ...elsewhere })}.abc`, path);
    expect(isHeld(tryLock(path))).toBe(false);
    age(29);
    expect(isHeld(tryLock(path))).toBe(false);
    age(31);
    lock().release();
  });

  test.each(['', 'nonsense', '1-2-3', '99999999999-1-1-1.x'])(
    'so does it for a holder that says %j',
    (text) => {
      if (text === '') writeFileSync(path, '');
      else symlinkSync(text, path);
      expect(isHeld(tryLock(path))).toBe(false);
      age(31);
      lock().release();
    },
  );

  test('never breaks the lock of a process that lives, however long it is silent', () => {
    const taken = lock();
    age(1000);
    const holder = tryLock(path);
    expect(isHeld(holder)).toBe(false);
    expect(!isHeld(holder) && isSilent(holder)).toBe(true);
    taken.release();
  });

  test("doesn't release what another has taken meanwhile", () => {
    const first = lock();
    unlinkSync(path);
    const second = lock();
    first.release();
    expect(isHeld(tryLock(path))).toBe(false);
    second.release();
  });
});

describe('livenessOf', () => {
  test('tells a process that lives from one that is dead, and from another one of the same pid', async () => {
    const child = spawn('sleep', ['100']);
    const { pid = 0 } = child;
    const identity = { ...ownIdentity(), pid, startTime: startTimeOf(pid) };
    expect(livenessOf(ownIdentity())).toBe('alive');
    expect(livenessOf(identity)).toBe('alive');
    expect(livenessOf({ ...identity, startTime: '1' })).toBe('dead');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(livenessOf(identity)).toBe('dead');
    expect(livenessOf({ ...identity, boot: '0' })).toBe('unknown');
  });

  test('spells identities so that they can be read again', () => {
    expect(parseIdentity(spellIdentity(ownIdentity()))).toEqual(ownIdentity());
    expect(parseIdentity('../../x')).toBeUndefined();
  });
});

function startTimeOf(pid: number): string {
  const { stdout } = spawnSync('cut', ['-d', ' ', '-f', '22', `/proc/${pid}/stat`], { encoding: 'utf8' });
  return stdout.trim();
}
