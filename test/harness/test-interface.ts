import { afterAll, beforeAll } from '@jest/globals';
import { whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync } from 'node:child_process';

/** A network namespace of a test file's own, which has the interface `near0` and goes when its tests have run. */
export interface TestInterface {
  /** For `--netns`. */
  readonly path: string;
  /** All that is attached in the namespace, as bpftool and tc show it. */
  state(): string;
  /** Takes near0 away, as happens to an interface of a container or of a cable. */
  remove(): void;
  /** Puts near0 there again. */
  add(): void;
}

export function testInterface(): TestInterface {
  const name = `ecli-story-${process.pid}`;
  const inside = (...command: readonly string[]) => run('ip', 'netns', 'exec', name, ...command);
  const testInterface: TestInterface = {
    path: `/run/netns/${name}`,
    state: () =>
      [
        inside('bpftool', 'net', 'show'),
        inside('tc', 'qdisc', 'show'),
        ...['ingress', 'egress'].map((side) =>
          inside('sh', '-c', `tc filter show dev near0 ${side} 2>&1 || true`),
        ),
      ].join('\n'),
    remove: () => void run('ip', '-n', name, 'link', 'delete', 'near0'),
    add: () => {
      run('ip', '-n', name, 'link', 'add', 'near0', 'type', 'veth', 'peer', 'name', 'far0');
      run('ip', '-n', name, 'link', 'set', 'near0', 'up');
      run('ip', '-n', name, 'link', 'set', 'far0', 'up');
    },
  };
  beforeAll(() => {
    if (whyNoKernel()) return;
    run('ip', 'netns', 'add', name);
    testInterface.add();
  });
  afterAll(() => {
    if (!whyNoKernel()) run('ip', 'netns', 'delete', name);
  });
  return testInterface;
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
