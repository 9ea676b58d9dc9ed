import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MediaType } from '@ecli/core';
import { type PackedProgram, packProgram } from '@ecli/oci';
import { buildCommandLine, run } from './command-line.ts';
import { PseudoTerminal } from './pseudo-terminal.ts';

const content = Buffer.from(
  JSON.stringify({ bpf_object: '', meta: {}, padding: 'x'.repeat(4 * 1024 * 1024) }),
);
const packed: PackedProgram = packProgram({
  content,
  mediaType: MediaType.package,
  name: 'package',
  annotations: {},
  environment: { SOURCE_DATE_EPOCH: '0' },
});

jest.setTimeout(30_000);

let server: Server;
let host: string;
let folder: string;
/** Whether the layer stops half-way, until `rest` is called. */
let isSlow: boolean;
let rest: (() => void) | undefined;
/** Settles when it has stopped. */
let stopped: Promise<void>;
let sayStopped: () => void;
const open = new Set<PseudoTerminal>();

beforeAll(async () => {
  buildCommandLine();
  server = createServer(({ url = '' }, response) => answer(url, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `localhost:${(server.address() as AddressInfo).port}`;
}, 60_000);

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecli-test-progress-'));
  isSlow = true;
  rest = undefined;
  stopped = new Promise((resolve) => (sayStopped = resolve));
});

afterEach(() => {
  for (const window of open) window.close();
  open.clear();
  rmSync(folder, { recursive: true, force: true });
});

/** As much of a registry as one pull needs. */
function answer(url: string, response: ServerResponse): void {
  if (url.includes('/manifests/')) {
    response.setHeader('content-type', packed.manifest.descriptor.mediaType);
    response.end(packed.manifest.bytes);
    return;
  }
  const blob = packed.blobs.find(({ descriptor: { digest } }) => url.endsWith(digest));
  if (!blob) return void response.writeHead(url === '/v2/' ? 200 : 404).end();
  response.setHeader('content-length', blob.bytes.byteLength);
  if (!isSlow || blob.bytes.byteLength < 1000) return void response.end(blob.bytes);
  response.write(blob.bytes.subarray(0, blob.bytes.byteLength / 2));
  rest = () => response.end(blob.bytes.subarray(blob.bytes.byteLength / 2));
  sayStopped();
}

/** What doesn't show can't be waited for: this is longer than a bar waits for a transfer to be over. */
function longEnoughForABar(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 500));
}

const environment = () => ({ HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), XDG_RUNTIME_DIR: folder });
const pull = (...flags: readonly string[]) => [
  'pull',
  ...flags,
  '-o',
  join(folder, 'out.json'),
  `${host}/org/tool:v1`,
];

function window(args: readonly string[], size = { columns: 100, rows: 24 }, shell?: string): PseudoTerminal {
  const opened = new PseudoTerminal(args, { size, env: environment(), ...(shell && { shell }) });
  open.add(opened);
  return opened;
}

const hasBar = (lines: readonly string[]): boolean => lines.some((line) => /^package.* {2}\d+% /.test(line));

describe('on a terminal', () => {
  test('a transfer that takes its time has a bar, and is a line in the end', async () => {
    const opened = window(pull());
    const lines = await opened.until(hasBar);
    expect(lines.at(-1)).toMatch(
      /^package\S* {2,}\[=+> +\] +\d\d% +[\d.]+ MiB of 4 MiB +\d.* [KM]?i?B\/s {2}/,
    );
    await opened.until(() => rest !== undefined);
    rest?.();
    expect(await opened.code).toBe(0);
    expect(opened.screen.history).toEqual([
      expect.stringMatching(/^package\S* {2,}done {5}4 MiB in \d+\.\d s$/),
      expect.stringMatching(/^saved .*out\.json/),
      ...opened.screen.history.slice(2),
    ]);
    expect(opened.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(opened.raw.lastIndexOf('\x1b[?25l'));
  });

  test('a bar follows the window, and goes at Ctrl-C', async () => {
    const opened = window(pull());
    await opened.until(hasBar);
    await opened.resize({ columns: 60, rows: 10 });
    await opened.until((lines) => hasBar(lines) && lines.every((line) => !line.includes('[')));
    opened.type('\x03');
    expect(await opened.code).toBe(130);
    expect(opened.screen.history.filter((line) => line.includes('%'))).toEqual([]);
    expect(opened.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(opened.raw.lastIndexOf('\x1b[?25l'));
    expect(existsSync(join(folder, 'out.json'))).toBe(false);
  });

  test('a second Ctrl-C leaves the cursor to be seen', async () => {
    const opened = window(pull(), undefined, 'trap : INT; "$@"; exit $?');
    await opened.until(hasBar);
    opened.type('\x03\x03');
    expect(await opened.code).toBe(130);
    expect(opened.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(opened.raw.lastIndexOf('\x1b[?25l'));
  });

  test('nothing shows of a transfer that is over soon', async () => {
    isSlow = false;
    const opened = window(pull());
    expect(await opened.code).toBe(0);
    expect(opened.raw).not.toContain('\x1b');
    expect(opened.screen.history[0]).toMatch(/^saved /);
  });

  test.each([
    ['with -q', ['-q'], 'exec "$@"'],
    ['where standard error goes elsewhere', [], 'exec "$@" 2>/dev/null'],
    ['on a terminal of no skill', [], 'export TERM=dumb; exec "$@"'],
  ])('nothing shows %s', async (_, flags, shell) => {
    const opened = window(pull(...flags), undefined, shell);
    await stopped;
    await longEnoughForABar();
    rest?.();
    expect(await opened.code).toBe(0);
    expect(opened.raw).not.toMatch(/%|\x1b/); // eslint-disable-line no-control-regex
  });
});

test('elsewhere nothing shows of transfers', async () => {
  const running = run(pull(), { env: environment() });
  await stopped;
  await longEnoughForABar();
  rest?.();
  expect(await running).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(join(folder, 'out.json')).equals(content)).toBe(true);
});
