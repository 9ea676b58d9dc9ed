import { container, type DependencyContainer } from './injection.ts';
import { EcliError } from './errors.ts';
import { printable } from './printable.ts';
import { RUNNER_CHAIN, RunnerChain, type Runner } from './runner.ts';
import { SOURCE_CHAIN, SourceChain, type Source } from './source.ts';

/** The version of the contract in this file and the interfaces it names; changes with the first breaking change. */
export const API_VERSION = 1;

/** A package that brings sources and runners: ours and anyone's register in the same way. */
export interface Plugin {
  readonly name: string;
  readonly apiVersion: number;
  /** Registers under SOURCE and RUNNER, in the order in which they are to be asked. Does no I/O. */
  register(container: DependencyContainer): void;
}

/** Types a plug-in's declaration; a plug-in module exports what this returns as its default. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}

/** The two chains that everything else talks to. */
export interface PluginHost {
  readonly source: Source;
  readonly runner: Runner;
}

/**
 * Registers `plugins` in order, which is their precedence, and returns the chains over what they brought.
 *
 * @throws PLUGIN_INVALID for a duplicate name or another version of the contract
 */
export function createPluginHost(plugins: readonly Plugin[]): PluginHost {
  const scope = container.createChildContainer();
  const names = new Set<string>();
  for (const plugin of plugins) {
    refuseUnusable(plugin, names);
    names.add(plugin.name);
    plugin.register(scope);
  }
  scope.register(SOURCE_CHAIN, { useClass: SourceChain });
  scope.register(RUNNER_CHAIN, { useClass: RunnerChain });
  return { source: scope.resolve<Source>(SOURCE_CHAIN), runner: scope.resolve<Runner>(RUNNER_CHAIN) };
}

function refuseUnusable(plugin: Plugin, names: ReadonlySet<string>): void {
  const name = printable(plugin.name);
  if (names.has(plugin.name)) {
    throw new EcliError('PLUGIN_INVALID', `${name}: two plug-ins have this name`, {
      hint: 'remove one of the two',
    });
  }
  if (plugin.apiVersion !== API_VERSION) {
    throw new EcliError(
      'PLUGIN_INVALID',
      `${name}: made for version ${plugin.apiVersion} of the plug-in contract`,
      {
        hint: `this ecli has version ${API_VERSION}; install a release of the plug-in made for it`,
      },
    );
  }
}
