import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { BpfProgram } from '@ecli/bpf';
import type { EcliError } from '@ecli/core';
import type { Attached, Place } from '../attach/attachment.ts';
import { LinkMonitor } from './link-monitor.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** An attachment whose link and place the test takes away. */
class Attachable {
  isDefunct: () => boolean = () => false;
  isThere: () => boolean = () => true;
  readonly attached: Attached;

  constructor(name: string) {
    const link = { destroy: () => undefined, isDefunct: () => this.isDefunct() };
    const place: Place = { title: 'interface eth0', isThere: () => this.isThere() };
    const program = { name, section: 'xdp' } as BpfProgram;
    this.attached = { attachment: { program, where: 'eth0 (xdp)', place, attach: () => link }, link };
  }

  goes(): void {
    this.isDefunct = () => true;
    this.isThere = () => false;
  }
}

function monitor(attached: readonly Attached[]): {
  monitor: LinkMonitor;
  said: string[];
  failures: EcliError[];
} {
  const said: string[] = [];
  const failures: EcliError[] = [];
  const made = new LinkMonitor({ say: (...lines) => void said.push(...lines) });
  made.begin({ attached, fail: (error) => void failures.push(error) });
  return { monitor: made, said, failures };
}

const GONE = (name: string): string => `interface eth0 is gone: program ${name} (xdp) sees nothing any more`;
const HINT = 'run it again once that is back';

describe('LinkMonitor', () => {
  test('tells once of a program whose place is gone, and of the last by an error', () => {
    const [a, b] = [new Attachable('a'), new Attachable('b')];
    const { said, failures } = monitor([a.attached, b.attached]);
    a.goes();
    jest.advanceTimersByTime(3000);
    expect(said).toEqual([`${GONE('a')}; ${HINT}`]);
    expect(failures).toEqual([]);
    b.goes();
    jest.advanceTimersByTime(3000);
    expect(said).toHaveLength(1);
    expect(failures.map(({ code, message, hint }) => [code, message, hint])).toEqual([
      ['ATTACH_FAILED', GONE('b'), HINT],
    ]);
  });

  test('tells of all that go at once', () => {
    const all = [new Attachable('a'), new Attachable('b')];
    const { said, failures } = monitor(all.map(({ attached }) => attached));
    all.forEach((each) => each.goes());
    jest.advanceTimersByTime(1000);
    expect([...said, ...failures.map(({ message }) => message)]).toEqual([
      `${GONE('a')}; ${HINT}`,
      GONE('b'),
    ]);
  });

  test('tells a program that was detached from one whose place is gone', () => {
    const a = new Attachable('a');
    const { failures } = monitor([a.attached]);
    a.isDefunct = () => true;
    jest.advanceTimersByTime(1000);
    expect(failures[0]?.message).toBe(
      'program a (xdp) was detached from interface eth0 by somebody else, and sees nothing any more',
    );
  });

  test('takes a network namespace that is gone for an interface that is', () => {
    const a = new Attachable('a');
    const { failures } = monitor([a.attached]);
    a.isDefunct = () => true;
    a.isThere = () => {
      throw new Error('ENOENT');
    };
    jest.advanceTimersByTime(1000);
    expect(failures[0]?.message).toBe(GONE('a'));
  });

  test('goes on beside links that cannot tell, and where asking fails', () => {
    const [a, b] = [new Attachable('a'), new Attachable('b')];
    const silent: Attached = { ...b.attached, link: { destroy: () => undefined } };
    const { said, failures } = monitor([a.attached, silent]);
    a.isDefunct = () => {
      throw new Error('EMFILE');
    };
    jest.advanceTimersByTime(1000);
    expect(said).toEqual([]);
    a.goes();
    jest.advanceTimersByTime(1000);
    expect(said).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  test('is silent from its end on, and has no timer where no link can tell', async () => {
    const a = new Attachable('a');
    const { monitor: ending, said, failures } = monitor([a.attached]);
    await ending.end();
    a.goes();
    jest.advanceTimersByTime(3000);
    expect([...said, ...failures]).toEqual([]);
    monitor([{ ...a.attached, link: { destroy: () => undefined } }]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
