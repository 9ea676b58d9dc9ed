import { type Artifact, EcliError, printable } from '@ecli/core';

/** What a Wasm module asks of whoever runs it, and gives, as `ecli inspect --json` prints it. */
export interface WasmInspection {
  readonly reference: string;
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly imports: readonly WasmName[];
  readonly exports: readonly WasmName[];
}

export interface WasmName {
  /** Where it is imported from; absent for exports. */
  readonly module?: string;
  readonly name: string;
  readonly kind: string;
}

/** What is used of the global `WebAssembly`, whose types come with those of browsers only. */
interface WasmEngine {
  readonly compile: (bytes: Uint8Array) => Promise<object>;
  readonly Module: {
    readonly imports: (module: object) => WasmName[];
    readonly exports: (module: object) => WasmName[];
  };
}

const engine = (globalThis as unknown as { readonly WebAssembly: WasmEngine }).WebAssembly;

/** Says what a Wasm module imports and exports. Nothing in it is run. @throws PACKAGE_INVALID for a damaged one */
export async function inspectWasm({ reference, descriptor, content }: Artifact): Promise<WasmInspection> {
  const module = await compile(content, reference);
  const { digest, mediaType, size } = descriptor;
  return {
    reference,
    digest,
    mediaType,
    size,
    imports: engine.Module.imports(module),
    exports: engine.Module.exports(module),
  };
}

async function compile(content: Uint8Array, reference: string): Promise<object> {
  try {
    return await engine.compile(Uint8Array.from(content));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EcliError(
      'PACKAGE_INVALID',
      `${printable(reference)}: no sound Wasm module: ${printable(reason)}`,
      {
        cause,
      },
    );
  }
}

/** Says it to a person: functions by the module that they are asked of. */
export function wasmText({ reference, digest, mediaType, size, imports, exports }: WasmInspection): string {
  const modules = [...new Set(imports.map(({ module }) => module ?? ''))];
  const asked = modules.map((module) => {
    const names = imports.filter((each) => each.module === module).map(({ name }) => `  ${printable(name)}`);
    return [`Asks of ${printable(module)}:`, ...names].join('\n');
  });
  const facts = [
    `Reference  ${printable(reference)}`,
    `Type       ${printable(mediaType)}, a Wasm module`,
    `Digest     ${digest}`,
    `Size       ${size.toLocaleString('en')} bytes`,
  ];
  const given = exports.map(({ name, kind }) => `  ${printable(name)} (${printable(kind)})`);
  const paragraphs = [facts.join('\n'), ...asked, ['Gives:', ...given].join('\n')];
  return `${paragraphs.join('\n\n')}\n`;
}
