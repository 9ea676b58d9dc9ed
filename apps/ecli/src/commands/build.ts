import { build, type BuildOptions } from '@ecli/packages';
import { defineCommand } from '../command.ts';
import type { FlagTable, FlagValues } from '../flags.ts';

/** The flags of ecc, the compiler whose packages these are. */
const flags = {
  'output-path': { short: 'o', value: 'FOLDER', help: "where to write; the source's folder by default" },
  yaml: { short: 'y', help: 'write YAML in place of JSON' },
  'wasm-header': { help: 'write ewasm-skel.h too: the package as a C string, for Wasm guests' },
  'header-only': { help: 'SOURCE is a header; its structs are exported' },
  'additional-cflags': { short: 'a', value: 'FLAGS', repeatable: true, help: 'more flags for clang' },
  'clang-bin': { short: 'c', value: 'PATH', help: 'the clang to compile with' },
  'llvm-strip-bin': { short: 'l', value: 'PATH', help: 'the llvm-strip to strip with' },
  btfgen: { short: 'b', help: 'write package.tar too, with BTF for kernels that have none of their own' },
  'btfhub-archive': { value: 'FOLDER', help: "where those kernels' BTF is: ID/VERSION_ID/ARCH/RELEASE.btf" },
} as const satisfies FlagTable;

/** `ecli build`, also installed as `ecc`: compiles a `.bpf.c` into a package. */
export const buildCommand = defineCommand({
  description: 'Compiles a .bpf.c into NAME.bpf.o, NAME.skel.json and package.json.',
  operands: 'SOURCE.bpf.c [HEADER.h]',
  count: { least: 1, most: 2 },
  flags,
  examples: [
    'ecli build opens.bpf.c opens.h -o dist && ecli run dist',
    'ecli build -b --btfhub-archive btfhub-archive opens.bpf.c && ecli run package.tar',
    'ecc opens.bpf.c -a -DDEBUG -a -I../include',
  ],
  notes:
    'The structs of HEADER are what events are. Without it, NAME.h beside the source is taken where there is one.',

  async run(input, terminal) {
    const [source = '', header] = input.operands;
    const { files, warnings } = await build({
      ...buildOptions(input.flags),
      source,
      ...(header !== undefined && { header }),
      diagnose: (line) => terminal.logger.log('debug', line),
      signal: terminal.interruption.signal,
    });
    terminal.printError(warnings);
    for (const file of files) terminal.logger.log('info', `wrote ${file}`);
    return 0;
  },
});

function buildOptions(given: FlagValues<typeof flags>): Omit<BuildOptions, 'source'> {
  const outputDirectory = given['output-path'];
  const clang = given['clang-bin'];
  const llvmStrip = given['llvm-strip-bin'];
  const btfhubArchive = given['btfhub-archive'];
  return {
    format: given.yaml ? 'yaml' : 'json',
    wasmHeader: given['wasm-header'],
    headerOnly: given['header-only'],
    additionalCflags: given['additional-cflags'],
    btfgen: given.btfgen,
    ...(outputDirectory !== undefined && { outputDirectory }),
    ...(clang !== undefined && { clang }),
    ...(llvmStrip !== undefined && { llvmStrip }),
    ...(btfhubArchive !== undefined && { btfhubArchive }),
  };
}
