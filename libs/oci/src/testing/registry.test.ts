import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { startRegistry } from './registry.ts';

const DISTRIBUTION = 'registry/2.0';

describe('startRegistry', () => {
  test('answers as soon as it resolves', async () => {
    const registry = await startRegistry();
    try {
      const answer = await fetch(`${registry.origin}/v2/`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('docker-distribution-api-version')).toBe(DISTRIBUTION);
    } finally {
      await registry.stop();
    }
    expect(existsSync(registry.folder)).toBe(false);
    await expect(fetch(registry.origin)).rejects.toThrow();
  });

  test('keeps its content and its port while it is away', async () => {
    const registry = await startRegistry();
    const bytes = Buffer.from('kept');
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    try {
      const upload = await fetch(`${registry.origin}/v2/a/blobs/uploads/`, { method: 'POST' });
      const location = new URL(upload.headers.get('location') ?? '');
      location.searchParams.set('digest', digest);
      expect((await fetch(location, { method: 'PUT', body: bytes })).status).toBe(201);
      await registry.goAway();
      await expect(fetch(registry.origin)).rejects.toThrow();
      await registry.comeBack();
      expect(await (await fetch(`${registry.origin}/v2/a/blobs/${digest}`)).text()).toBe('kept');
    } finally {
      await registry.stop();
    }
  });

  test('asks for its password', async () => {
    const registry = await startRegistry({ auth: 'htpasswd' });
    try {
      const { username, password } = registry.credentials;
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const refused = await fetch(`${registry.origin}/v2/`);
      const accepted = await fetch(`${registry.origin}/v2/`, { headers: { authorization } });
      expect([refused.status, accepted.status]).toEqual([401, 200]);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      expect(registry.log()).toContain('authorizing');
    } finally {
      await registry.stop();
    }
  });

  test('speaks TLS with a certificate of its own authority', async () => {
    const registry = await startRegistry({ tls: true });
    try {
      expect(registry.origin).toMatch(/^https:/);
      const ca = readFileSync(registry.caFile ?? '');
      const status = (options: object) =>
        new Promise((resolve, reject) => {
          get(`${registry.origin}/v2/`, options, (answer) => resolve(answer.resume().statusCode)).on(
            'error',
            reject,
          );
        });
      expect(await status({ ca })).toBe(200);
      await expect(status({})).rejects.toThrow(/certificate/);
    } finally {
      await registry.stop();
    }
  });

  test('has a token service of its own, which speaks TLS as it does itself', async () => {
    const registry = await startRegistry({ auth: 'token', tls: true });
    try {
      const options = { ca: readFileSync(registry.caFile ?? '') };
      const challenge = await new Promise<string | undefined>((resolve, reject) => {
        const request = get(`${registry.origin}/v2/`, options, (answer) =>
          resolve(answer.resume().headers['www-authenticate']),
        );
        request.on('error', reject);
      });
      expect(challenge).toContain(`realm="https://localhost:`);
      expect(challenge).toContain(registry.tokens?.realm);
    } finally {
      await registry.stop();
    }
  });

  test('says why it did not start', async () => {
    const server = { certFile: '/none', keyFile: '/none', cert: '', key: '' };
    const tls = { caFile: '/none', ca: '', server, issue: () => Promise.resolve(server) };
    await expect(startRegistry({ tls })).rejects.toThrow(/docker-registry ended with 1: .*\/none/s);
  });
});
