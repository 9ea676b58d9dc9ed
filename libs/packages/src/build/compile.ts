import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EcliError, printable, printableLines } from '@ecli/core';
import { dummyVariable } from '../export-types.ts';
import { readBackendCrash } from './backend-crash.ts';
import { findTool, installHint, runTool } from './toolchain.ts';
import { VMLINUX_HEADER, vmlinuxFolder } from './vmlinux.ts';

/** A source to compile: a file, or text that came without one. */
export interface CompileInput {
  /** As the user wrote it; what clang's messages show. `<stdin>` without a file. */
  readonly name: string;
  /** The text, where there is no file. */
  readonly text?: string;
}

export interface CompileSettings {
  /** Structs that BTF must keep, though no code refers to them. */
  readonly exports?: readonly string[];
  /** More arguments for clang. */
  readonly flags?: readonly string[];
  readonly clang?: string;
  readonly llvmStrip?: string;
  readonly diagnose?: (line: string) => void;
  /** Ends the compilation when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface CompiledObject {
  /** The ELF file, without DWARF, with BTF. */
  readonly object: Uint8Array;
  /** Absolute paths of all that went in: the source and every header. */
  readonly dependencies: readonly string[];
  /** When clang began to read them, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** What clang said though it went well, escaped; empty mostly. */
  readonly warnings: string;
}

/** The programs that a compilation runs. @throws TOOL_MISSING */
export function compilers({ clang, llvmStrip }: CompileSettings): { clang: string; llvmStrip: string } {
  return {
    clang: findTool('clang', clang),
    llvmStrip: findTool('llvm-strip', llvmStrip),
  };
}

/**
 * Compiles a `.bpf.c`. The same source and the same clang give the same bytes, wherever the source lies.
 * Works in a temporary folder that is gone afterwards.
 *
 * @throws BUILD_FAILED whose details are clang's own output; OUTPUT_FAILED without a place for temporary files;
 *   TOOL_MISSING; the reason of `settings.signal`
 */
export async function compileObject(input: CompileInput, settings: CompileSettings): Promise<CompiledObject> {
  const tools = compilers(settings);
  let workFolder = '';
  try {
    removeStaleFolders();
    workFolder = mkdtempSync(join(tmpdir(), `${WORK_FOLDER}${process.pid}-`));
    return await new Compilation(input, settings, tools, workFolder).run();
  } catch (error) {
    throw withoutPlace(error);
  } finally {
    if (workFolder !== '') rmSync(workFolder, { recursive: true, force: true });
  }
}

/** The calls of node:fs that fail where temporary files have no place. */
const PLACING: readonly (string | undefined)[] = ['scandir', 'mkdtemp', 'open', 'write'];

/** Says what keeps a build from its temporary files, if `error` comes of that. */
function withoutPlace(error: unknown): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (error instanceof EcliError || !PLACING.includes(syscall)) return error;
  const message = `${printable(tmpdir())}: no place for the temporary files of a build (${code})`;
  return new EcliError('OUTPUT_FAILED', message, {
    hint: 'name another folder: TMPDIR=FOLDER ecli …',
    cause: error,
  });
}

const WORK_FOLDER = 'ecli-build-';
/** No compilation takes this long. */
const STALE_MS = 60 * 60 * 1000;

/** Removes what this user's builds left behind that were killed on the spot. */
function removeStaleFolders(): void {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(WORK_FOLDER));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isDirectory() || found.uid !== process.geteuid?.()) continue;
    if (Date.now() - found.mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true });
  }
}

class Compilation {
  private readonly object: string;
  private readonly dependencyFile: string;
  /** The source's folder, spelled as clang will spell it in front of what lies there. */
  private readonly folder: string;

  constructor(
    private readonly input: CompileInput,
    private readonly settings: CompileSettings,
    private readonly tools: { readonly clang: string; readonly llvmStrip: string },
    private readonly workFolder: string,
  ) {
    this.object = join(workFolder, 'object.o');
    this.dependencyFile = join(workFolder, 'dependencies');
    this.folder = input.text === undefined ? dirname(input.name) : '.';
  }

  async run(): Promise<CompiledObject> {
    const { startedMs, warnings } = await this.compile();
    await this.strip();
    const object = readFileSync(this.object);
    const dependencies = parseDependencies(readFileSync(this.dependencyFile, 'utf8'))
      .map((path) => resolve(path))
      .filter((path) => !path.startsWith(`${this.workFolder}/`) && existsSync(path));
    return { object, dependencies, startedMs, warnings };
  }

  private async compile(): Promise<Pick<CompiledObject, 'startedMs' | 'warnings'>> {
    const vmlinux = await this.vmlinux();
    const { name, text } = this.input;
    const { diagnose, signal } = this.settings;
    const { clang } = this.tools;
    const startedMs = Date.now();
    const { code, stderr } = await runTool({
      tool: clang,
      args: [...this.flags(vmlinux.folder), text === undefined ? pathArgument(name) : '-'],
      input: text === undefined ? undefined : Buffer.from(text),
      diagnose,
      signal,
    });
    const isWritten = [this.object, this.dependencyFile].every((path) => existsSync(path));
    if (code === 0 && isWritten) return { startedMs, warnings: printableLines(stderr) };
    // What is not there to be included explains the failure better than the failure does.
    if (vmlinux.error && stderr.includes(VMLINUX_HEADER)) throw vmlinux.error;
    const silent = code === 0 ? 'wrote no object' : `failed (${code ?? 'killed'}) without a word`;
    const crash = readBackendCrash(stderr);
    crash?.dump.split('\n').forEach((line) => diagnose?.(printable(line)));
    throw compileFailed(name, stderr.trim() === '' ? `${clang} ${silent}` : (crash?.errors ?? stderr));
  }

  private flags(vmlinux: string | undefined): string[] {
    const { flags = [], exports = [] } = this.settings;
    return [
      ...['-g', '-O2', '-target', 'bpf', ...architectureFlags()],
      // Before the folder of the kernel's vmlinux.h: another that the user points at is meant to be taken.
      ...flags,
      // The verifier's log quotes source lines out of BTF. Clang takes them from what it compiled, not from
      // paths, so that paths can be cut down to what is the same on every machine.
      ...['-gdwarf-5', '-gembed-source', '-fdebug-compilation-dir=.', `-fdebug-prefix-map=${this.folder}/=`],
      // Where its backend dies, clang would leave a copy of the source among the temporary files.
      '-fno-crash-diagnostics',
      ...['-fdiagnostics-color=never', '-MD', '-MF', this.dependencyFile],
      ...['-include', this.declareExports(exports), '-I', this.folder],
      ...(vmlinux === undefined ? [] : ['-I', vmlinux]),
      ...['-x', 'c', '-c', '-o', this.object],
    ];
  }

  /**
   * Writes declarations that keep structs in BTF, to be included before the source, which so stays the one
   * that clang's messages are about. A struct that is still incomplete there is completed by the source.
   */
  private declareExports(structs: readonly string[]): string {
    const path = join(this.workFolder, 'exports.h');
    const lines = structs.map(
      (struct) =>
        `struct ${struct};\n` +
        `const volatile struct ${struct} *${dummyVariable(struct)} __attribute__((unused));\n`,
    );
    writeFileSync(path, lines.join(''));
    return path;
  }

  /** A source with a `vmlinux.h` of its own needs no other; one that includes none does without. */
  private async vmlinux(): Promise<{ readonly folder?: string; readonly error?: EcliError }> {
    if (existsSync(join(this.folder, VMLINUX_HEADER))) return {};
    try {
      return {
        folder: await vmlinuxFolder({ workFolder: this.workFolder, ...this.settings }),
      };
    } catch (error) {
      if (error instanceof EcliError) return { error };
      throw error;
    }
  }

  /** Takes DWARF away; `-g` leaves BTF. */
  private async strip(): Promise<void> {
    const { diagnose, signal } = this.settings;
    const tool = this.tools.llvmStrip;
    const { code, stderr } = await runTool({ tool, args: ['-g', this.object], diagnose, signal });
    if (code === 0) return;
    throw new EcliError('BUILD_FAILED', `${printable(this.input.name)}: ${printable(tool)} failed`, {
      details: printableLines(stderr.trimEnd()) || 'it said nothing',
    });
  }
}

/** A path that clang can't take for an option. */
function pathArgument(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

function compileFailed(name: string, stderr: string): EcliError {
  const output = printableLines(stderr.trimEnd());
  const [, header] = /fatal error: '(bpf\/[^']+)' file not found/.exec(stderr) ?? [];
  if (header === undefined) {
    return new EcliError('BUILD_FAILED', `${printable(name)}: does not compile`, { details: output });
  }
  return new EcliError('TOOL_MISSING', `${printable(name)}: ${printable(header)} of libbpf is missing`, {
    hint: installHint('headers'),
    details: output,
  });
}

interface Architecture {
  /** The suffix of `__TARGET_ARCH_` that libbpf's bpf_tracing.h knows. */
  readonly target: string;
  /** GNU's name, in Debian's paths. */
  readonly machine: string;
}

/** By Node's names. */
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: { target: 'x86', machine: 'x86_64' },
  arm64: { target: 'arm64', machine: 'aarch64' },
  ppc64: { target: 'powerpc', machine: 'powerpc64le' },
  s390x: { target: 's390', machine: 's390x' },
  riscv64: { target: 'riscv', machine: 'riscv64' },
  loong64: { target: 'loongarch', machine: 'loongarch64' },
};

/** Debian keeps headers such as asm/types.h where clang does not look for them when the target is bpf. */
function architectureFlags(): string[] {
  const { target, machine } = ARCHITECTURES[process.arch] ?? { target: process.arch, machine: process.arch };
  const headers = `/usr/include/${machine}-linux-gnu`;
  return [`-D__TARGET_ARCH_${target}`, ...(existsSync(headers) ? ['-idirafter', headers] : [])];
}

/**
 * Reads the rule that clang's `-MD` writes: `target: path path …`, lines continued by a backslash, `\ `, `\#`
 * and `$$` for a space, a hash and a dollar in a path.
 */
export function parseDependencies(rule: string): string[] {
  const paths = rule.slice(rule.indexOf(':') + 1).replace(/\\\r?\n/g, ' ');
  return (paths.match(/(?:\\[ #]|\S)+/g) ?? []).map((path) =>
    path.replace(/\\([ #])/g, '$1').replaceAll('$$', '$'),
  );
}
