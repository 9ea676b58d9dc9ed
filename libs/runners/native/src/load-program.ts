import { openObject, removeLeftOvers, setVariables } from '@ecli/bpf';
import { dataSections, type ObjectFile, parseObject } from '@ecli/btf';
import {
  ArgumentError,
  EcliError,
  type LoadSpec,
  printable,
  type Program,
  VerifierRejectedError,
} from '@ecli/core';
import {
  compiledValue,
  findVariables,
  type PackageMeta,
  parseArguments,
  planExports,
  programOptions,
  readPackage,
  statedValues,
  usageText,
  type VariableValue,
} from '@ecli/packages';
import { planAttachments } from './attach/plan.ts';
import { prepareExports } from './exports/prepare-exports.ts';
import { HelpProgram } from './help-program.ts';
import { iteratorsIn, prepareIterators } from './iterators/prepare-iterators.ts';
import { findKernelBtf, type KernelBtf, type KernelMachine, THIS_MACHINE } from './kernel-btf.ts';
import { LogStream } from './log-stream.ts';
import type { Monitor } from './monitors/monitor.ts';
import { openMonitors } from './monitors/open-monitors.ts';
import { closeAll, NativeProgram } from './native-program.ts';
import { EventBudget, type Output } from './output.ts';
import { naming } from './package-error.ts';
import { mapColumns } from './rows/map-column.ts';

/** What a package and its arguments come to, before libbpf has seen anything. */
interface Preparation {
  readonly spec: LoadSpec;
  readonly meta: PackageMeta;
  readonly bytes: Uint8Array;
  readonly file: ObjectFile;
  readonly values: readonly VariableValue[];
  readonly verbose: boolean;
  /** Set where it isn't the kernel's own that relocates the program. */
  readonly btf?: KernelBtf;
}

/**
 * Turns a spec into a program whose maps and programs are in the kernel, attached to nothing. All that can be
 * known to be wrong is found before the kernel is touched.
 */
export async function loadProgram(spec: LoadSpec, machine: KernelMachine = THIS_MACHINE): Promise<Program> {
  try {
    return await load(spec, machine);
  } catch (error) {
    throw naming(spec, error);
  }
}

async function load(spec: LoadSpec, machine: KernelMachine): Promise<Program> {
  const { object: bytes, meta, btfArchive } = await readPackage(spec.artifact, spec);
  const file = parseObject(bytes);
  const variables = findVariables(meta.bpf_skel.data_sections, dataSections(file));
  const options = programOptions(variables, file.btf);
  const stated = statedValues(options);
  const { help, verbose, values } = parseArguments(spec.args, options);
  if (help) {
    const initial = new Map(stated.map(({ variable, bytes: value }) => [variable, value]));
    return new HelpProgram(
      usageText(
        { name: shortName(meta), reference: spec.artifact.reference },
        meta.bpf_skel.doc,
        options,
        ({ variable }) => initial.get(variable) ?? compiledValue(variable),
      ),
    );
  }
  const { btfPath } = spec;
  const btf = findKernelBtf(
    { file, ...(btfPath !== undefined && { btfPath }), ...(btfArchive && { archive: btfArchive }) },
    machine,
  );
  const preparation = { spec, meta, bytes, file, values: [...stated, ...values], verbose };
  try {
    return await loadPrepared({ ...preparation, ...(btf && { btf }) });
  } finally {
    btf?.close(); // libbpf has read it
  }
}

/** `opens` of `opens_bpf`: what libbpf's tools make of `opens.bpf.o`, and people call it. */
function shortName({ bpf_skel: { obj_name: name } }: PackageMeta): string {
  return name.replace(/(?<=.)_bpf$/, '');
}

async function loadPrepared(preparation: Preparation): Promise<Program> {
  const { spec, meta, bytes, file, values, verbose, btf } = preparation;
  const stream = new LogStream();
  const diagnose = verbose || meta.debug_verbose ? (line: string) => stream.say(line) : spec.diagnose;
  if (btf) diagnose?.(`relocates against ${printable(btf.name)}`);
  const object = openObject(bytes, {
    name: meta.bpf_skel.obj_name,
    verbose: diagnose !== undefined,
    ...(btf && { btfPath: btf.path, btfName: btf.name }),
    ...(diagnose === undefined ? {} : { diagnose }),
  });
  const budget = new EventBudget(spec.maxEvents);
  const outputs: Output[] = [];
  let monitors: readonly Monitor[] = [];
  try {
    const plans = planExports({ program: spec.name, meta, object, file }, spec.presentation?.maps);
    const attachments = planAttachments(meta.bpf_skel.progs, object, file, spec);
    const columnOf = mapColumns([
      ...plans.map(({ map }) => map.name),
      ...iteratorsIn(attachments).map(({ program }) => program.name),
    ]);
    const shared = { spec, stream, budget, columnOf };
    const exports = await prepareExports(plans, { ...shared, file, meta });
    const iterators = prepareIterators(attachments, { ...shared, alone: plans.length === 0 });
    spec.signal?.throwIfAborted();
    removeLeftOvers(diagnose);
    setVariables(object, values);
    object.load();
    for (const prepared of exports) outputs.push(prepared.open());
    outputs.push(...iterators);
    monitors = openMonitors({ spec, file, object, plans, stream });
    return new NativeProgram({
      name: spec.name,
      object,
      attachments,
      stream,
      outputs,
      monitors,
      budget,
      diagnose,
    });
  } catch (error) {
    closeAll([...[...outputs, ...monitors].map((each) => () => each.close()), () => object.close()]);
    throw withUnseen(error, stream.takeUnseen());
  }
}

/** Adds what `--verbose` asked for to an error that comes before there is a log to show it in. */
function withUnseen(error: unknown, lines: readonly string[]): unknown {
  if (lines.length === 0 || !(error instanceof EcliError) || error instanceof ArgumentError) return error;
  const { code, message, details } = error;
  const hint = [...lines.map(printable), ...(error.hint === undefined ? [] : [error.hint])].join('\n');
  const options = { hint, ...(details !== undefined && { details }), cause: error };
  return error instanceof VerifierRejectedError
    ? new VerifierRejectedError(message, error.verifierLog, options)
    : new EcliError(code, message, options);
}
