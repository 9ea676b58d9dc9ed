import { afterAll, beforeAll } from '@jest/globals';
import { execFileSync } from 'node:child_process';

/** A network namespace with the interface `near0`, there while the tests of a file or group run. */
export class Network {
  readonly name = `ecli-bpf-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    beforeAll(() => {
      execFileSync('ip', ['netns', 'add', this.name]);
      this.run('ip link add near0 type veth peer name far0');
    });
    afterAll(() => void execFileSync('ip', ['netns', 'delete', this.name]));
  }

  /** Runs a command of plain words in it, and returns what it prints. */
  run(command: string): string {
    return execFileSync('ip', ['netns', 'exec', this.name, ...command.split(' ')], { encoding: 'utf8' });
  }
}
