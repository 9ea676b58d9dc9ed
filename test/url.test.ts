import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { createHash } from 'node:crypto';
import { cpSync, openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultyServer, stallAfter } from '@ecli/http/testing';
import { repository, runCli, startCli, temporaryFolder } from './harness/index.ts';

/** The story: a program lies on a web server, and is run from there, with the server and without. */
describe('ecli run URL', () => {
  const folder = temporaryFolder();
  const env = { XDG_CACHE_HOME: join(folder, 'cache') };
  let server: FaultyServer;
  let content: Buffer;

  beforeAll(async () => {
    server = await FaultyServer.start();
    if (whyNoKernel()) return;
    cpSync(join(repository, 'examples/opens'), folder, { recursive: true });
    const build = await runCli(['build', 'opens.bpf.c', 'opens.h', '-o', 'dist'], { cwd: folder });
    expect(build).toMatchObject({ code: 0, stderr: '' });
    content = readFileSync(join(folder, 'dist/package.json'));
    server.serve('/opens/package.json', content, { etag: '"1"' });
  }, 60_000);

  afterAll(() => server.close());

  const url = (path = 'opens/package.json'): string => `${server.url.href}${path}`;

  /** Runs it until it shows that this process opens a file. */
  async function shows(...args: string[]) {
    const cli = startCli(['run', ...args, '--pid', String(process.pid)], { env });
    await cli.untilLine(/opened-by-url/, openOnce);
    cli.signal('SIGINT');
    return cli.result;
  }

  function openOnce(): void {
    try {
      closeSync(openSync('/nonexistent/opened-by-url', 'r'));
    } catch {
      // That it isn't there doesn't matter: it is shown.
    }
  }

  kernelTest('shows events, and again without the server', async () => {
    expect(await shows(url())).toMatchObject({ code: 130, stderr: '' });
    expect(server.requests).toHaveLength(1);
    expect(await shows('--pull', 'never', url())).toMatchObject({ code: 130, stderr: '' });
    expect(server.requests).toHaveLength(1);
    const hex = createHash('sha256').update(content).digest('hex');
    expect(await shows(`${url()}#sha256=${hex}`)).toMatchObject({ code: 130, stderr: '' });
    expect(server.requests).toHaveLength(1);
    server.failAlways({}, (answer) => ({ ...answer, status: 404 }));
    expect(await runCli(['run', url()], { env })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(
        `error: Failed to download: ${url()}: the server has no such file (404)\nhint: `,
      ),
    });
    server.reset();
    const reference = url();
    await server.close();
    const { stderr } = await shows(reference);
    expect(stderr).toContain(`: connection refused: nothing listens there; takes the one in the cache`);
    expect(stderr).toContain(`${reference}: `);
    server = await FaultyServer.start();
  });

  test('says what a web page is', async () => {
    server.serve('/page', '<!doctype html><title>Programs</title>', { 'content-type': 'text/html' });
    expect(await runCli(['run', url('page')], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `error: Failed to download: ${url('page')}: a web page, not a program\nhint: `,
      ),
    });
  });

  test('ends at once when it is interrupted', async () => {
    server.serve('/large.json', Buffer.alloc(1_000_000, '{'), { etag: '"1"' });
    server.fail({ path: '/large.json' }, stallAfter(500_000));
    const cli = startCli(['run', url('large.json')], { env });
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!server.requests.some(({ target }) => target === '/large.json')) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    cli.signal('SIGINT');
    expect(await cli.result).toMatchObject({ code: 130, stdout: '' });
  });
});
