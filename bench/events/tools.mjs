// Who is compared: each tool's command for a format, whether it is here, and its header's lines.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The tool that the others are held against. */
export const BASE = 'C with libbpf and printf';

const root = fileURLToPath(new URL('../..', import.meta.url));

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
}

/** The tools that can run here; `built` holds what `build.mjs` made for one ring size. */
export function presentTools(built) {
  const ecliRs = process.env.ECLI_RS ?? onPath('ecli-rs');
  const bpftrace = onPath('bpftrace');
  const tools = [
    {
      name: 'ecli',
      formats: ['text', 'json'],
      headerLines: { text: 1, json: 0 },
      command: (format) => [
        process.execPath,
        join(root, 'apps/ecli/bin/ecli.cjs'),
        'run',
        ...(format === 'json' ? ['-j'] : []),
        built.package,
      ],
    },
    {
      name: BASE,
      formats: ['text', 'json'],
      headerLines: { text: 1, json: 0 },
      command: (format) => [built.printer, built.object, format],
    },
    {
      name: 'C tuned',
      formats: ['text', 'json'],
      headerLines: { text: 1, json: 0 },
      command: (format) => [built.printer, built.object, format, 'tuned'],
    },
  ];
  if (bpftrace) {
    tools.push({
      name: 'bpftrace',
      formats: ['text'],
      headerLines: { text: 1 },
      ownBuffer: true,
      command: () => [bpftrace, join(root, 'bench/events/events.bt')],
    });
  }
  if (ecliRs) {
    tools.push({
      name: 'ecli-rs',
      formats: ['text', 'json'],
      headerLines: { text: 1, json: 0 },
      command: (format) => [ecliRs, 'run', ...(format === 'json' ? ['-j'] : []), built.package],
    });
  }
  return tools;
}
