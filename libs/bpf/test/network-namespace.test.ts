import { describe, expect } from '@jest/globals';
import { readlinkSync } from 'node:fs';
import { findInterface, inNetworkNamespace } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { expectNothingLeftOpen } from './harness.ts';
import { Network } from './network.ts';

const network = new Network();
expectNothingLeftOpen();

const current = (): string => readlinkSync('/proc/thread-self/ns/net');

describe('work in a network namespace', () => {
  kernelTest('sees its interfaces, by name and by number', () => {
    const [byName, byNumber] = inNetworkNamespace(network.path, () => {
      const found = findInterface('near0');
      return [found, findInterface(found.index)];
    });
    expect(byName).toEqual({ index: expect.any(Number), name: 'near0' });
    expect(byNumber).toEqual(byName);
    expect(() => findInterface('near0')).toThrow("network interface near0: isn't there");
  });

  kernelTest('may name it as ip-netns does', () => {
    expect(inNetworkNamespace(network.name, () => findInterface('far0').name)).toBe('far0');
  });

  kernelTest('has interfaces of other names too, which may be longer', () => {
    const names = ['short-name', 'a-name-that-is-longer-than-15-characters', 'another-that-is-no-shorter'];
    for (const name of names) network.run(`ip link property add dev far0 altname ${name}`);
    for (const name of names) {
      expect(inNetworkNamespace(network.path, () => findInterface(name).name)).toBe('far0');
    }
  });

  kernelTest('takes a name of digits for a name first', () => {
    network.run('ip link set far0 name 1');
    expect(inNetworkNamespace(network.path, () => [findInterface('1').name, findInterface(1).name])).toEqual([
      '1',
      'lo',
    ]);
    network.run('ip link set 1 name far0');
  });

  kernelTest('leaves it again, also after an error', () => {
    const own = current();
    const there = inNetworkNamespace(network.path, current);
    expect(there).not.toBe(own);
    const failing = (): void => {
      throw new Error('in there');
    };
    expect(() => inNetworkNamespace(network.path, failing)).toThrow('in there');
    expect(current()).toBe(own);
  });
});
