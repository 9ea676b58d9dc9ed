import { execFileSync } from 'node:child_process';
import type { LoadSpec } from '@ecli/core';
import { PORT } from './traffic-package.ts';

let made = 0;

/**
 * Two network namespaces and a cable between them: `near`, where the tests attach, has the interface `near0`
 * (10.9.0.1) and is what they look at; `far` has `far0` (10.9.0.2).
 */
export class TestNetwork {
  readonly near: string;
  readonly far: string;

  constructor() {
    const name = `ecli-test-${process.pid}-${++made}`;
    this.near = `${name}-near`;
    this.far = `${name}-far`;
  }

  open(): void {
    try {
      run('ip', 'netns', 'add', this.near);
      run('ip', 'netns', 'add', this.far);
      this.connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The path for `--netns`. */
  get path(): string {
    return `/run/netns/${this.near}`;
  }

  /** Has a spec attach here, and a program where it says; a package says the rest. */
  asked(target?: string, program = 'ecli'): Partial<LoadSpec> {
    return { netns: this.path, ...(target !== undefined && { attach: [{ program, target }] }) };
  }

  /** Puts the cable there; again after `disconnect`. */
  connect(): void {
    const peer = ['peer', 'name', 'far0', 'netns', this.far];
    run('ip', '-n', this.near, 'link', 'add', 'near0', 'type', 'veth', ...peer);
    for (const [namespace, name, address] of [
      [this.near, 'near0', '10.9.0.1/24'],
      [this.far, 'far0', '10.9.0.2/24'],
    ] as const) {
      run('ip', '-n', namespace, 'address', 'add', address, 'dev', name);
      run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      run('ip', '-n', namespace, 'link', 'set', name, 'up');
    }
  }

  disconnect(): void {
    run('ip', '-n', this.near, 'link', 'delete', 'near0');
  }

  /** Sends UDP packets from far to near. */
  send(count: number): void {
    this.in(this.far, 'bash', '-c', packets(count, '10.9.0.1'));
  }

  /** Sends UDP packets from near to far. */
  answer(count: number): void {
    this.in(this.near, 'bash', '-c', packets(count, '10.9.0.2'));
  }

  /** Sends UDP packets over the loopback of near. */
  loop(count: number): void {
    this.in(this.near, 'bash', '-c', packets(count, '127.0.0.1'));
  }

  /** Runs a command in `near`, and returns what it prints. */
  inNear(...command: readonly string[]): string {
    return this.in(this.near, ...command);
  }

  /** All that BPF programs are attached to in `near`, and where filters may be. */
  state(): string {
    return [
      this.inNear('bpftool', 'net', 'show'),
      this.inNear('tc', 'qdisc', 'show'),
      this.filters(),
      this.inNear('ip', '-o', 'link', 'show').replace(/^\d+: |@\S+|state \w+|link\/ether.*/gm, ''),
    ].join('\n');
  }

  filters(): string {
    return ['ingress', 'egress']
      .map((direction) =>
        this.inNear('sh', '-c', `tc filter show dev near0 ${direction} 2>/dev/null || true`),
      )
      .join('');
  }

  close(): void {
    for (const name of [this.near, this.far]) {
      try {
        run('ip', 'netns', 'delete', name);
      } catch {
        // Never made.
      }
    }
  }

  private in(namespace: string, ...command: readonly string[]): string {
    return run('ip', 'netns', 'exec', namespace, ...command);
  }
}

function packets(count: number, address: string): string {
  return `for ((i = 0; i < ${count}; i++)); do echo x > /dev/udp/${address}/${PORT}; done 2>/dev/null; true`;
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
