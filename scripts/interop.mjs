import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { runJest } from './jest.mjs';
import { setup } from './setup.mjs';
import { REQUIREMENTS, TEST_REQUIREMENTS } from './system-packages.mjs';
import { StepFailed, findProgram, main, root } from './workspace.mjs';

/**
 * @typedef {object} Peer another client or registry that ecli has to get along with
 * @property {string} name its file, under which tests find it
 * @property {string} version pinned: what passes today passes tomorrow
 * @property {string} package what `go` builds
 * @property {string} [folder] where the package's own go.mod lies; built from the Go proxy without one
 */

/**
 * In the order in which they are built: the last two take three minutes each where nothing is cached.
 *
 * @type {readonly Peer[]}
 */
const PEERS = [
  { name: 'oras', version: 'v1.3.6', package: 'oras.land/oras/cmd/oras' },
  { name: 'crane', version: 'v0.22.1', package: 'github.com/google/go-containerregistry/cmd/crane' },
  { name: 'referrers-registry', version: 'v0.22.1', package: '.', folder: 'test/interop/referrers-registry' },
  { name: 'cosign3', version: 'v3.1.3', package: 'github.com/sigstore/cosign/v3/cmd/cosign' },
  { name: 'cosign2', version: 'v2.6.5', package: 'github.com/sigstore/cosign/v2/cmd/cosign' },
];

/** Builds that aren't done by then are left out, and go on from there the next time. */
const BUILD_LIMIT_S = Number(process.env.ECLI_INTEROP_BUILD_SECONDS ?? 600);

await main(import.meta.url, async () => {
  const go = findProgram('go') ?? ['/usr/local/go/bin/go'].find((path) => existsSync(path));
  if (!go) throw new StepFailed('interop: go is not installed; the peers are built by it');
  await setup([...REQUIREMENTS, ...TEST_REQUIREMENTS]);
  await buildAll();
  const left = await installPeers(go, peersFolder());
  const code = await runJest(['--config', 'test/interop/jest.config.mjs', ...process.argv.slice(2)], {
    ECLI_INTEROP_PEERS: peersFolder(),
  });
  if (left.length > 0) console.error(`interop: left out, with the tests that need it: ${left.join('; ')}`);
  return code;
});

function peersFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ecli-interop');
}

/**
 * Builds what isn't there yet.
 *
 * @param {string} go
 * @param {string} folder
 * @returns {Promise<string[]>} what could not be had, with the reason
 */
async function installPeers(go, folder) {
  mkdirSync(folder, { recursive: true });
  const end = AbortSignal.timeout(BUILD_LIMIT_S * 1000);
  const left = [];
  for (const peer of PEERS) {
    const reason = await installPeer(go, folder, peer, end);
    if (reason) left.push(`${peer.name} ${peer.version} (${reason})`);
  }
  return left;
}

/**
 * @param {string} go
 * @param {string} folder
 * @param {Peer} peer
 * @param {AbortSignal} end
 * @returns {Promise<string | undefined>} why it isn't there
 */
async function installPeer(go, folder, peer, end) {
  const { name, version } = peer;
  const place = join(folder, `${name}-${version}`);
  if (existsSync(place)) return undefined;
  if (end.aborted) return `no time left of ${BUILD_LIMIT_S} s`;
  console.log(`interop: building ${name} ${version}`);
  const temporary = mkdtempSync(join(folder, 'building-'));
  try {
    const began = performance.now();
    const reason = await build(go, temporary, peer, end);
    if (reason) return reason;
    // `go install` names the file after the package, and tests find none before it is whole.
    renameSync(join(temporary, readdirSync(temporary)[0] ?? ''), place);
    console.log(`interop: built ${name} in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    return undefined;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * @param {string} go
 * @param {string} output
 * @param {Peer} peer
 * @param {AbortSignal} end
 * @returns {Promise<string | undefined>} why it failed
 */
function build(go, output, peer, end) {
  const args = peer.folder
    ? ['build', '-o', join(output, peer.name), '.']
    : ['install', `${peer.package}@${peer.version}`];
  return new Promise((resolve, reject) => {
    const child = spawn(go, args, {
      cwd: peer.folder ? join(root, peer.folder) : root,
      env: { ...process.env, GOBIN: output, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'pipe'],
      detached: true, // go's compilers end with it
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    const stop = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
    end.addEventListener('abort', stop);
    child.on('error', reject);
    child.on('close', (code) => {
      end.removeEventListener('abort', stop);
      if (end.aborted) return resolve(`not built within ${BUILD_LIMIT_S} s; the next run goes on from there`);
      resolve(code === 0 ? undefined : lastLine(errors));
    });
  });
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? 'no reason given';
}
