import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type TestRegistry, startRegistry } from './registry.ts';
import { type TokenService, startTokenService } from './token-service.ts';

describe('startTokenService', () => {
  let tokens: TokenService;
  let registry: TestRegistry;
  let manners: TokenService['manners'];

  beforeAll(async () => {
    tokens = await startTokenService();
    manners = { ...tokens.manners };
    registry = await startRegistry({ auth: tokens });
  });
  beforeEach(() => void Object.assign(tokens.manners, manners));
  afterAll(async () => {
    await registry.stop();
    await tokens.stop();
  });

  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`,
  });
  const ask = (scope: string, headers = {}) =>
    fetch(`${tokens.realm}?${String(new URLSearchParams({ service: tokens.service, scope }))}`, { headers });
  const post = (form: Record<string, string>) =>
    fetch(tokens.realm, { method: 'POST', body: new URLSearchParams(form) });
  const tokenOf = async (answer: Response): Promise<string> => {
    const { token } = (await answer.json()) as { token: string };
    return token;
  };
  /** Starts an upload, which the registry lets those do who may push. */
  const push = (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${registry.origin}/v2/org/tool/blobs/uploads/`, { method: 'POST', headers });
  };

  test('is where the registry sends its clients', async () => {
    const { headers, status } = await fetch(`${registry.origin}/v2/org/tool/manifests/v1`);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(
      `Bearer realm="${tokens.realm}",service="ecli test registry",scope="repository:org/tool:pull"`,
    );
  });

  test('hands out tokens that the registry takes', async () => {
    const answer = await ask('repository:org/tool:pull,push', basic('wonder:land'));
    expect((await push(await tokenOf(answer))).status).toBe(202);
  });

  test('grants what was asked for and nothing else', async () => {
    const answer = await ask('repository:org/tool:pull', basic('wonder:land'));
    const refused = await push(await tokenOf(answer));
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  test('grants nobody more than to pull what is public', async () => {
    await ask('repository:public/tool:pull,push');
    await ask('repository:org/tool:pull');
    expect(tokens.requests.slice(-2).map(({ granted }) => granted?.[0]?.actions)).toEqual([['pull'], []]);
  });

  test('refuses a wrong password', async () => {
    expect((await ask('repository:org/tool:pull', basic('wonder'))).status).toBe(401);
    expect(tokens.requests.at(-1)).toMatchObject({ isRefused: true, granted: undefined });
  });

  test('sells tokens for a refresh token', async () => {
    const form = { grant_type: 'refresh_token', service: tokens.service, client_id: 'test' };
    const scope = 'repository:org/tool:pull,push repository:org/base:pull';
    const answer = await post({ ...form, scope, refresh_token: tokens.refreshToken });
    expect((await push(await tokenOf(answer))).status).toBe(202);
    expect(tokens.requests.at(-1)?.granted?.map(({ name }) => name)).toEqual(['org/tool', 'org/base']);
    expect((await post({ ...form, scope, refresh_token: 'stale' })).status).toBe(401);
  });

  test('can hand out tokens that are over', async () => {
    tokens.manners.lifetimeSeconds = -61;
    const answer = await ask('repository:org/tool:pull,push', basic('wonder:land'));
    expect((await push(await tokenOf(answer))).status).toBe(401);
  });

  test('can be away', async () => {
    tokens.manners.status = 503;
    expect((await ask('repository:org/tool:pull')).status).toBe(503);
  });
});
