import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSample } from '../bad-input/sample-program.ts';
import { temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from './registry-user.ts';

const run = promisify(execFile);

describe('skopeo and ecli', () => {
  const folder = temporaryFolder();
  const packageFile = join(folder, 'package.json');
  let registry: TestRegistry;
  let user: RegistryUser;

  beforeAll(async () => {
    registry = await startRegistry();
    user = registryUser(folder);
    await buildSample(folder);
    const args = ['push', packageFile, `${registry.host}/org/tool:v1`];
    expect(await user.ecli(args)).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => registry.stop());

  const docker = (name: string) => `docker://${registry.host}/${name}`;
  const skopeo = async (...args: readonly string[]) => {
    const { stdout } = await run('skopeo', args, { env: { ...process.env, ...user.env } });
    return stdout;
  };
  const copy = (from: string, to: string) =>
    skopeo('copy', '--src-tls-verify=false', '--dest-tls-verify=false', from, to);
  const manifestOf = (name: string) =>
    skopeo('inspect', '--tls-verify=false', '--raw', docker(name)).then((raw) => JSON.parse(raw) as object);

  test('skopeo carries what ecli pushed to another place, and ecli takes it from there', async () => {
    await copy(docker('org/tool:v1'), `oci:${join(folder, 'layout')}:v1`);
    await copy(`oci:${join(folder, 'layout')}:v1`, docker('mirror/tool:v1'));
    expect(await manifestOf('mirror/tool:v1')).toEqual(await manifestOf('org/tool:v1'));
    const pulled = await user.ecli(['pull', `${registry.host}/mirror/tool:v1`]);
    expect(pulled).toMatchObject({ code: 0 });
    expect(readFileSync(join(user.folder, 'package.json'))).toEqual(readFileSync(packageFile));
  });

  test('what skopeo wrote as a layout is loaded, and what ecli saved is copied by skopeo', async () => {
    const layout = join(folder, 'theirs');
    await copy(docker('org/tool:v1'), `oci:${layout}:v1`);
    expect(await user.ecli(['image', 'load', '-t', 'localhost/loaded:v1', '-i', layout])).toMatchObject({
      code: 0,
    });
    const pulled = await user.ecli(['pull', '--pull', 'never', '-o', 'loaded.json', 'localhost/loaded:v1']);
    expect(pulled).toMatchObject({ code: 0 });
    expect(readFileSync(join(user.folder, 'loaded.json'))).toEqual(readFileSync(packageFile));

    const saved = join(folder, 'ours.tar');
    expect(await user.ecli(['image', 'save', '-o', saved, 'localhost/loaded:v1'])).toMatchObject({ code: 0 });
    await copy(`oci-archive:${saved}`, docker('saved/tool:v1'));
    expect(await manifestOf('saved/tool:v1')).toEqual(await manifestOf('org/tool:v1'));
  });
});
