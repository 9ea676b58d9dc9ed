import { test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What scripts/interop.mjs builds, under these names. */
export type Peer = 'oras' | 'crane' | 'cosign2' | 'cosign3' | 'referrers-registry';

const run = promisify(execFile);
const LIMIT_MS = 60_000;

/** The path of a peer; undefined for one that could not be built. */
export function findPeer(name: Peer): string | undefined {
  const folder = process.env['ECLI_INTEROP_PEERS'];
  if (!folder) throw new Error('ECLI_INTEROP_PEERS is not set; run npm run test:interop');
  const file = readdirSync(folder).find((each) => each.startsWith(`${name}-v`));
  return file && join(folder, file);
}

/** A test that needs `peers`: left out without them, which the script says. */
export function peerTest(peers: readonly Peer[], name: string, action: () => Promise<void>): void {
  const isComplete = peers.every((peer) => findPeer(peer) !== undefined);
  if (isComplete) test(name, action, LIMIT_MS);
  else test.skip(name, action);
}

export interface PeerOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a peer to its end and returns its output. @throws Error with what it said, when it fails */
export async function runPeer(
  peer: Peer,
  args: readonly string[],
  { cwd, env }: PeerOptions,
): Promise<string> {
  const { stdout } = await run(findPeer(peer) ?? peer, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
  });
  return stdout;
}

/** A registry that has the referrers API. */
export interface ReferrersRegistry {
  readonly host: string;
  stop(): Promise<void>;
}

export async function startReferrersRegistry(): Promise<ReferrersRegistry> {
  const child = spawn(findPeer('referrers-registry') ?? '', { stdio: ['pipe', 'pipe', 'ignore'] });
  const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const port = /:(\d+)$/m.exec(said)?.[1];
  return {
    host: `localhost:${port}`,
    stop: async () => {
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
    },
  };
}
