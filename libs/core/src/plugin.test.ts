import { describe, expect, test } from '@jest/globals';
import {
  API_VERSION,
  createPluginHost,
  definePlugin,
  RUNNER,
  SOURCE,
  type Plugin,
  type Source,
} from './index.ts';
import { FakeRunner, FakeSource } from './testing/index.ts';

function pluginOf(name: string, source: Source = new FakeSource()): Plugin {
  return definePlugin({
    name,
    apiVersion: API_VERSION,
    register(container) {
      container.register(SOURCE, { useValue: source });
      container.register(RUNNER, { useValue: new FakeRunner() });
    },
  });
}

/** Takes everything; a fetch fails with the source's name. */
function sourceNamed(name: string): Source {
  return { name, takes: 'anything', supports: () => true, fetch: () => Promise.reject(new Error(name)) };
}

describe('createPluginHost', () => {
  const context = { signal: new AbortController().signal };

  test('asks sources in the order of the plug-ins', async () => {
    const host = createPluginHost([pluginOf('b', sourceNamed('b')), pluginOf('a', sourceNamed('a'))]);
    await expect(host.source.fetch('x', context)).rejects.toThrow('b');
  });

  test('keeps hosts apart', async () => {
    const first = createPluginHost([pluginOf('x', sourceNamed('first'))]);
    const second = createPluginHost([pluginOf('x', sourceNamed('second'))]);
    await expect(first.source.fetch('x', context)).rejects.toThrow('first');
    await expect(second.source.fetch('x', context)).rejects.toThrow('second');
  });

  test('does without sources or runners, and then supports nothing', async () => {
    const { source } = createPluginHost([]);
    await expect(source.fetch('x', context)).rejects.toMatchObject({ code: 'REFERENCE_UNSUPPORTED' });
  });

  test('takes the tokens of another copy of core', () => {
    expect(Symbol.for('ecli.Source')).toBe(SOURCE);
    expect(Symbol.for('ecli.Runner')).toBe(RUNNER);
  });

  test('refuses two plug-ins of one name', () => {
    expect(() => createPluginHost([pluginOf('same'), pluginOf('same')])).toThrow(
      'same: two plug-ins have this name',
    );
  });

  test('refuses a plug-in made for another version of the contract, and registers nothing of it', () => {
    let registered = false;
    const foreign: Plugin = {
      name: 'new\x1b[2J',
      apiVersion: API_VERSION + 1,
      register: () => {
        registered = true;
      },
    };
    expect(() => createPluginHost([foreign])).toThrow(
      'new\\x1b[2J: made for version 2 of the plug-in contract',
    );
    expect(registered).toBe(false);
  });
});
