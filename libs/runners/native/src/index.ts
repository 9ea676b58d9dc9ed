/**
 * Runs programs on this machine's kernel: a LoadSpec (an artifact and its arguments) becomes a Program.
 *
 *     LoadSpec ──readPackage──▶ object + meta ──arguments──▶ values of variables ──libbpf──▶ maps, programs
 *     maps ──SampleReader──▶ SamplePump ──Rows──▶ LogStream ──▶ Program.logs
 *
 * Read load-program.ts first, which is the whole way in one page, then native-program.ts (attach and detach)
 * and sample-pump.ts (events). Importing this file loads none of it: that waits for the first `load`.
 */
import { API_VERSION, definePlugin, RUNNER } from '@ecli/core';
import { NativeRunner } from './native-runner.ts';

export { NativeRunner } from './native-runner.ts';

export const nativePlugin = definePlugin({
  name: 'native',
  apiVersion: API_VERSION,
  register(container) {
    container.register(RUNNER, { useClass: NativeRunner });
  },
});
